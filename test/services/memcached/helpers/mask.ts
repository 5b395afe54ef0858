/** Replaces what may differ between two servers that agree: CAS numbers and seconds. */
export function masked(answer: Buffer): string {
  const seen = new Map<string, number>();
  const number = (cas: string) => {
    if (cas === '0') return 'CAS0';
    if (!seen.has(cas)) seen.set(cas, seen.size + 1);
    return `CAS${seen.get(cas)}`;
  };
  return answer
    .toString('latin1')
    .replaceAll(
      /^(VALUE \S+ \d+ \d+) (\d+)\r$/gm,
      (_, head: string, cas: string) => `${head} ${number(cas)}\r`,
    )
    .replaceAll(
      /^((?:HD|VA \d+|NS|EX|NF)\b.*?) c(\d+)/gm,
      (_, head: string, cas: string) => `${head} c${number(cas)}`,
    )
    .replaceAll(/\bcas=(\d+)/g, (_, cas: string) => `cas=${number(cas)}`)
    .replaceAll(/ t(\d{2,})/g, ' tN')
    .replaceAll(/\bexp=-?\d{2,}/g, 'exp=N')
    .replaceAll(/\bla=\d+/g, 'la=N')
    .replaceAll(/^VERSION .*/gm, 'VERSION V');
}
