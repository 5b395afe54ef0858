/** Which paths an edit of does not restart the app. Asked of folders first, so that they are never descended into. */
import { gitignore } from '../kernel/gitignore.ts';

/** Whole path segments, at any depth. */
const IGNORED_SEGMENTS = new Set([
  'node_modules', 'bower_components', '.git', '.hg', '.svn', '_darcs', '.venv', 'venv', '__pycache__', '.pytest_cache',
  '.mypy_cache', '.ruff_cache', '.tox', '.idea', '.vscode', '.DS_Store', '.bundle', 'vendor', 'target', 'coverage',
  '.next', '.cache', '.nyc_output', 'tmp', 'log', 'logs', 'staticfiles',
]); // prettier-ignore
/** Things apps, editors and shells write: logs, databases, swap and backup files, histories. */
const IGNORED_NAMES =
  /(~|\.log|\.pid|\.sock|\.tmp|\.swp|\.swx|\.swo|\.pyc|\.pyo|\.sqlite3?(-journal|-wal|-shm)?|\.db(-journal|-wal|-shm)?|\.tsbuildinfo)$|^(4913|\.#.*|#.*#|\.\w+_history|\.lesshst|\.viminfo|\.wget-hsts)$/;

export type Ignore = (relativePath: string) => boolean;

/**
 * Built-in list plus patterns as `.cfignore` and `ignores:` hold them: see `gitignore`.
 */
export function ignoreFilter(patterns: readonly string[]): Ignore {
  const asked = gitignore(patterns);
  return (path) => {
    const segments = path.split('/');
    if (segments.some((segment) => IGNORED_SEGMENTS.has(segment))) return true;
    if (IGNORED_NAMES.test(segments.at(-1) ?? '')) return true;
    return asked(path);
  };
}
