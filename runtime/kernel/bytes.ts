/**
 * Sizes as manifests write them. Base 1024 everywhere. Two grammars, because the two platforms have two:
 *
 * - Stackato client 3.2: `128` and `128M` are megabytes (whole), `1G` and `1.5G` gigabytes; no other suffix.
 * - Cloud Foundry API: a unit is compulsory, `number[.fraction]` and one of B, K, KB, KiB, M …, T, TiB.
 *
 * Both ignore case. What is well written is a number, however large: whoever keeps it looks whether it is too large.
 */

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const TIB = 1024 * GIB;

/** The most a limit may be: the platform keeps megabytes in 31 bits. */
export const MAX_LIMIT_BYTES = (2 ** 31 - 1) * MIB;

const FACTORS: Readonly<Record<string, number>> = { B: 1, K: KIB, M: MIB, G: GIB, T: TIB };

/** Bytes, a multiple of one MiB; undefined where the Stackato client would refuse the text. */
export function parseStackatoSize(text: string): number | undefined {
  const match = /^(?:(\d+)m?|(\d+(?:\.\d+)?)g)$/i.exec(text.trim());
  if (!match) return undefined;
  const megabytes = match[1] === undefined ? Math.floor(Number(match[2]) * KIB) : Number(match[1]);
  return megabytes * MIB;
}

/** Bytes, rounded down; undefined where the Cloud Foundry API would refuse the text (a bare number, another unit). */
export function parseCloudFoundrySize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b)$/i.exec(text.trim());
  if (!match) return undefined;
  return Math.floor(Number(match[1]) * FACTORS[(match[2] ?? 'B').toUpperCase()]!);
}

/** The shortest whole form: `512M`, `2G`, `100K`, `17B`. Reads back to the same number in Cloud Foundry's grammar. */
export function formatSize(bytes: number): string {
  for (const unit of ['T', 'G', 'M', 'K']) {
    const factor = FACTORS[unit]!;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}
