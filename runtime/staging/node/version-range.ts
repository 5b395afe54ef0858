/** npm's version ranges, as far as `engines.node` uses them. */

type Version = readonly [number, number, number];

/** Undefined where the range is not understood: then nothing can be said. */
export function satisfies(version: string, range: string): boolean | undefined {
  const [found] = parsePartial(version) ?? [];
  if (!found) return undefined;
  const results = range.split('||').map((part) => satisfiesAll(found, part.trim()));
  if (results.includes(true)) return true;
  return results.includes(undefined) ? undefined : false;
}

function satisfiesAll(version: Version, part: string): boolean | undefined {
  const hyphen = /^(\S+)\s+-\s+(\S+)$/.exec(part);
  const words = hyphen
    ? [`>=${hyphen[1]}`, `<=${hyphen[2]}`]
    : part.replace(/([<>=^~]+)\s+/g, '$1').split(/\s+/);
  let all = true;
  for (const word of words) {
    const bounds = boundsOf(word);
    if (!bounds) return undefined;
    all &&=
      compare(version, bounds.from) >= 0 &&
      (bounds.below === undefined || compare(version, bounds.below) < 0);
  }
  return all;
}

interface Bounds {
  readonly from: Version;
  readonly below?: Version;
}

const ZERO: Version = [0, 0, 0];

function boundsOf(word: string): Bounds | undefined {
  const [, mark = '', rest = ''] = /^(\^|~>?|>=|<=|>|<|=)?(.*)$/.exec(word) ?? [];
  const [version, given] = parsePartial(rest) ?? [];
  if (!version || given === undefined) return undefined;
  if (given === 0) return { from: ZERO };
  switch (mark) {
    case '>=':
      return { from: version };
    case '>':
      return { from: given === 3 ? bump(version, 2) : bump(version, given - 1) };
    case '<':
      return { from: ZERO, below: version };
    case '<=':
      return { from: ZERO, below: bump(version, given - 1) };
    case '^':
      return { from: version, below: bump(version, Math.min(firstNonZero(version), given - 1)) };
    case '~':
    case '~>':
      return { from: version, below: bump(version, Math.min(1, given - 1)) };
    default:
      return { from: version, below: bump(version, given - 1) };
  }
}

/** The version with missing parts as 0, and how many were given: `20.x` is [20, 0, 0] with 1. */
function parsePartial(text: string): readonly [Version, number] | undefined {
  const match = /^v?(\d+|[xX*])?(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][\w.-]+)?$/.exec(text);
  if (!match) return undefined;
  const parts = match
    .slice(1)
    .map((part) => (part === undefined || /[xX*]/.test(part) ? undefined : Number(part)));
  const missing = parts.indexOf(undefined);
  const given = missing === -1 ? 3 : missing;
  const at = (index: number): number => (index < given ? (parts[index] ?? 0) : 0);
  return [[at(0), at(1), at(2)], given];
}

/** One more in that place, 0 after it. */
function bump(version: Version, place: number): Version {
  return [0, 1, 2].map((index) =>
    index < place ? version[index as 0] : index === place ? version[index as 0] + 1 : 0,
  ) as unknown as Version;
}

const firstNonZero = (version: Version): number => {
  const place = version.findIndex((part) => part > 0);
  return place === -1 ? 2 : place;
};

const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
