/** Files under /proc, read in three system calls into one buffer: looks at all processes are made of hundreds of these. */
import { closeSync, openSync, readSync } from 'node:fs';

const FIRST_BYTES = 64 * 1024;

let buffer = Buffer.allocUnsafe(FIRST_BYTES);

/**
 * The whole file, or undefined where the process is gone or not ours to see.
 * The bytes are valid until the next call.
 */
export function readProcFile(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    for (let length = 0; ;) {
      const read = readSync(fd, buffer, length, buffer.length - length, null);
      length += read;
      // A short read is the end, as far as the kernel has it; a full buffer may not be.
      if (length < buffer.length) return buffer.subarray(0, length);
      buffer = Buffer.concat([buffer], buffer.length * 2);
    }
  } catch {
    return undefined; // gone between opening and reading
  } finally {
    closeSync(fd);
  }
}
