/** The head of a log line as Cloud Foundry's client prints it: `   2026-08-20T14:03:07.51+0200 [APP/PROC/WEB/0] OUT `. */
import type { LogLine } from './types.ts';

/** All that stands before the text, with the space after it. */
export function formatLogHeader(line: LogLine): string {
  return `   ${formatTime(line.at)} [${line.source}/${line.instance}] ${line.stream} `;
}

/** Local time with hundredths and a numeric zone. */
export function formatTime(epochMs: number): string {
  const { local, sign, hours, minutes } = localTime(epochMs);
  return `${local.slice(0, 19)}.${local.slice(20, 22)}${sign}${hours}${minutes}`;
}

/** Local time as Stackato writes it: `2026-08-20T14:03:07+02:00`. */
export function formatHumanTime(epochMs: number): string {
  const { local, sign, hours, minutes } = localTime(epochMs);
  return `${local.slice(0, 19)}${sign}${hours}:${minutes}`;
}

function localTime(epochMs: number) {
  const zone = -new Date(epochMs).getTimezoneOffset();
  return {
    local: new Date(epochMs + zone * 60_000).toISOString(),
    sign: zone < 0 ? '-' : '+',
    hours: two(Math.abs(zone) / 60),
    minutes: two(Math.abs(zone) % 60),
  };
}

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
