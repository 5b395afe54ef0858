/** Sizes, shares and times as the clients of the platforms write them. */

const UNITS = ['B', 'K', 'M', 'G', 'T'] as const;

/** As `cf`: `34.5M`, `90M`, `1G`, `0B`; one digit behind the point, unless it is a zero. */
export function cfSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1).replace(/\.0$/, '')}${UNITS[unit]}`;
}

/** As `stackato`: `34.5M`, `256.0M`, `2.0G`. */
export function stackatoSize(bytes: number): string {
  const size = cfSize(bytes);
  return size.includes('.') || size.endsWith('B') ? size : size.replace(/([A-Z])$/, '.0$1');
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

/** As `stackato`: `0d:1h:2m:3s`. */
export function uptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d:${hours % 24}h:${minutes % 60}m:${seconds % 60}s`;
}

/** Without fractions, UTC. */
export const isoSeconds = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
