/** Which paths an edit of does not restart the app. Asked of folders first, so that they are never descended into. */

/** Whole path segments, at any depth. */
const IGNORED_SEGMENTS = new Set([
  'node_modules', 'bower_components', '.git', '.hg', '.svn', '_darcs', '.venv', 'venv', '__pycache__', '.pytest_cache',
  '.mypy_cache', '.ruff_cache', '.tox', '.idea', '.vscode', '.DS_Store', '.bundle', 'vendor', 'target', 'coverage',
  '.next', '.cache', '.nyc_output', 'tmp', 'log', 'logs', 'staticfiles',
]); // prettier-ignore
/** Things apps and editors write: logs, databases, swap and backup files. */
const IGNORED_NAMES =
  /(~|\.log|\.pid|\.sock|\.tmp|\.swp|\.swx|\.swo|\.pyc|\.pyo|\.sqlite3?(-journal|-wal|-shm)?|\.db(-journal|-wal|-shm)?|\.tsbuildinfo)$|^(4913|\.#.*|#.*#)$/;

export type Ignore = (relativePath: string) => boolean;

/**
 * Built-in list plus patterns as `.cfignore` and `ignores:` hold them: gitignore-like, `*` within a segment, `**`
 * across, a leading `/` anchors, a trailing `/` means the folder, `!` takes back.
 */
export function ignoreFilter(patterns: readonly string[]): Ignore {
  const rules = patterns.flatMap(compile);
  return (path) => {
    const segments = path.split('/');
    if (segments.some((segment) => IGNORED_SEGMENTS.has(segment))) return true;
    if (IGNORED_NAMES.test(segments.at(-1) ?? '')) return true;
    let ignored = false;
    for (const { pattern, negated } of rules) if (pattern.test(path)) ignored = !negated;
    return ignored;
  };
}

function compile(line: string): { pattern: RegExp; negated: boolean }[] {
  let text = line.trim();
  if (text === '' || text.startsWith('#')) return [];
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  text = text.replace(/\/+$/, '');
  const anchored = text.includes('/');
  text = text.replace(/^\/+/, '');
  if (text === '' || text.length > 500) return [];
  const body = text
    .split(/(\*\*\/?|\*|\?)/)
    .map((part) => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      return part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  return [{ pattern: new RegExp(`^${anchored ? '' : '(?:.*/)?'}${body}(?:/.*)?$`), negated }];
}
