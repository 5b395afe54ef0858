/** The head of a log line as Cloud Foundry's client prints it: `   2026-08-20T14:03:07.51+0200 [APP/PROC/WEB/0] OUT `. */
import type { LogLine } from './types.ts';

/** All that stands before the text, with the space after it. */
export function formatLogHeader(line: LogLine): string {
  return `   ${formatTime(line.at)} [${line.source}/${line.instance}] ${line.stream} `;
}

/** Local time with hundredths and a numeric zone. */
export function formatTime(epochMs: number): string {
  const date = new Date(epochMs);
  const zone = -date.getTimezoneOffset();
  const sign = zone < 0 ? '-' : '+';
  const local = new Date(epochMs + zone * 60_000).toISOString();
  return `${local.slice(0, 19)}.${local.slice(20, 22)}${sign}${two(Math.abs(zone) / 60)}${two(Math.abs(zone) % 60)}`;
}

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
