/** Those that pass and those that do not, in their order. */
export function partition<T>(all: readonly T[], passes: (one: T) => boolean): readonly [T[], T[]] {
  const parts: [T[], T[]] = [[], []];
  for (const one of all) parts[passes(one) ? 0 : 1].push(one);
  return parts;
}
