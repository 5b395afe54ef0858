/**
 * Patterns as `.cfignore` and `.gitignore` hold them. Pure. They come with the app and are hostile: none takes longer
 * than pattern and path are long, one times the other, which a regular expression made of them would.
 */

/** Whether a relative path is meant, by the last pattern that says anything of it. */
export type PathPattern = (path: string) => boolean;

/** `*` within a segment, `**` across, a leading `/` anchors, a trailing `/` means the folder, `!` takes back. */
export function gitignore(patterns: readonly string[]): PathPattern {
  const rules = patterns.flatMap(compile);
  return (path) => {
    const segments = path.split('/');
    let ignored = false;
    for (const { pattern, negated } of rules)
      if (matches(pattern, segments, ACROSS, segmentMatches)) ignored = !negated;
    return ignored;
  };
}

const ACROSS = '**';
const MAX_PATTERN = 500;

interface Rule {
  /** One per segment of the path, or `**` for any number of them. */
  readonly pattern: readonly string[];
  readonly negated: boolean;
}

function compile(line: string): Rule[] {
  let text = line.trim();
  if (text === '' || text.startsWith('#')) return [];
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  text = text.replace(/\/+$/, '');
  const anchored = text.includes('/');
  text = text.replace(/^\/+/, '');
  if (text === '' || text.length > MAX_PATTERN) return [];
  const asked = text.split('/');
  // At the end it means what is inside, not the folder itself.
  if (asked.at(-1) === ACROSS) asked.splice(-1, 1, '*');
  // What is meant is meant with all below it.
  return [{ pattern: [...(anchored ? [] : [ACROSS]), ...asked, ACROSS], negated }];
}

const segmentMatches = (glob: string, segment: string): boolean =>
  glob === segment ||
  (/[*?]/.test(glob) &&
    matches(glob.replaceAll(/\*+/g, '*').split(''), segment.split(''), '*', characterMatches));

const characterMatches = (glob: string, character: string): boolean => glob === '?' || glob === character;

/**
 * Whether the whole of `subject` is what `pattern` says, where `any` stands for any number of parts. Only the
 * latest of these is ever tried anew: what an earlier one could take more of, the latest can take as well.
 */
function matches(
  pattern: readonly string[],
  subject: readonly string[],
  any: string,
  partMatches: (pattern: string, part: string) => boolean,
): boolean {
  let at = 0;
  let latest = -1;
  let taken = 0;
  for (let part = 0; part < subject.length;) {
    if (pattern[at] === any) {
      latest = at++;
      taken = part;
    } else if (at < pattern.length && partMatches(pattern[at]!, subject[part]!)) {
      at++;
      part++;
    } else if (latest >= 0) {
      at = latest + 1;
      part = ++taken;
    } else return false;
  }
  while (pattern[at] === any) at++;
  return at === pattern.length;
}
