import { statfsSync } from 'node:fs';

/** With less than this no engine makes or opens its data. */
const LITTLE_BYTES = 16 * 1024 * 1024;
const KB = 1024;

/** What may be behind a failure: that there is hardly any room left where this folder lies. Empty where there is. */
export function diskNote(folder: string): string {
  try {
    const { bavail, bsize } = statfsSync(folder);
    const left = bavail * bsize;
    return left < LITTLE_BYTES
      ? `; the disk of "${folder}" is full: ${Math.floor(left / KB)} KB are left`
      : '';
  } catch {
    return '';
  }
}
