/** Patterns as `.cfignore` and `.gitignore` hold them. Pure. */

/** Whether a relative path is meant, by the last pattern that says anything of it. */
export type PathPattern = (path: string) => boolean;

/** `*` within a segment, `**` across, a leading `/` anchors, a trailing `/` means the folder, `!` takes back. */
export function gitignore(patterns: readonly string[]): PathPattern {
  const rules = patterns.flatMap(compile);
  return (path) => {
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
