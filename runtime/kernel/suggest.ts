/** The known word nearest to a misspelt one, if it is near enough to be meant. */
export function suggest(word: string, words: Iterable<string>): string | undefined {
  const known = [...words];
  const normalised = word.toLowerCase().replaceAll('_', '-');
  const allowance = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = allowance + 1;
  for (const candidate of known) {
    const distance = editDistance(normalised, candidate.toLowerCase().replaceAll('_', '-'), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best ?? onlyCompletion(normalised, known);
}

/** Shorter beginnings of words fit too many. */
const MIN_BEGINNING = 3;

/** `mem` is near to `memory` in another way. */
function onlyCompletion(word: string, known: readonly string[]): string | undefined {
  if (word.length < MIN_BEGINNING) return undefined;
  const fitting = known.filter((candidate) => candidate.toLowerCase().startsWith(word));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Optimal string alignment distance (a swap of neighbours counts one), given up at `bound`. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) >= bound) return bound;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2]! + 1);
      }
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[b.length]!;
}
