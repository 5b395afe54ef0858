/** Words that stay: the same seed gives the same use the same word, so an edit elsewhere does not move an app. */
import { createHash } from 'node:crypto';
import type { RandomUse } from './options.ts';

/** Four or five hexadecimal digits, as the original client draws them: a number below 2^20, with at least four. */
export function wordFrom(seed: string, { app, text, nth }: RandomUse): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([seed, app, text, nth]))
    .digest();
  return (hash.readUInt32BE() % 0x100000).toString(16).padStart(4, '0');
}
