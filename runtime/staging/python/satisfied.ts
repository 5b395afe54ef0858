import type { InstallContext } from '../types.ts';
import { askPython } from './ask.ts';
import type { Interpreter } from './interpreter.ts';
import { CHECK_SATISFIED } from './scripts.ts';

/** The system takes at most 128 KiB as one argument. */
const MAX_ARGUMENT_BYTES = 100 * 1024;

/** Whether this interpreter's own packages satisfy `requirements`, and what those need in turn. */
export async function isSatisfied(
  context: InstallContext,
  interpreter: Interpreter,
  requirements: readonly string[],
): Promise<boolean> {
  const list = JSON.stringify(requirements);
  if (Buffer.byteLength(list) > MAX_ARGUMENT_BYTES) return false;
  const { code, answer } = await askPython(context, interpreter.file, CHECK_SATISFIED, [list]);
  // Anything else (no `packaging`, a requirement it cannot read) means that it cannot be told.
  return code === 0 && answer === '[]';
}
