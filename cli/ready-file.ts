/** `push --ready-file`: a file that is there while what was pushed is ready, with all a script wants to know of it. */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { PaasError } from '../runtime/kernel/errors.ts';
import { systemReason } from '../runtime/state/home.ts';
import { writeFileAtomic } from '../runtime/state/atomic-file.ts';
import type { Context } from './context.ts';

export interface ReadyFile {
  write(summary: unknown): void;
  remove(): void;
}

/**
 * One of an earlier push is removed at once: whoever waits for it must not take it for ours.
 * @throws PaasError `USAGE` where it cannot be written
 */
export function readyFile(context: Context, file: string | undefined): ReadyFile {
  if (file === undefined) return { write: () => {}, remove: () => {} };
  const path = resolve(context.cwd, file);
  const remove = (): void => rmSync(path, { force: true });
  const checked = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      throw new PaasError(
        'USAGE',
        { message: `Cannot write "${path}": ${systemReason(error)}` },
        { cause: error },
      );
    }
  };
  checked(remove);
  return { write: (summary) => checked(() => writeFileAtomic(path, `${JSON.stringify(summary)}\n`)), remove };
}
