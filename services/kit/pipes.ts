/**
 * Real pipes for the output of programs. What Node makes itself is a pair of sockets, and a socket cannot be opened
 * by name: `> /dev/stdout` and `--access-logfile /dev/stderr`, which work on the platform, would fail.
 */
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ask } from './ask.ts';

/** Made at once, since that takes a program of its own (2 ms). Two per started program. */
const BATCH = 16;

interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

const spare: Pipe[] = [];

export interface OutputPipe {
  /** For the program's `stdio`. To be closed here once it was started. */
  readonly writeEnd: number;
  /** Ends when the last holder of the other end is gone. */
  readonly stream: Readable;
  closeWriteEnd(): void;
}

/** Undefined where pipes cannot be had by name; sockets have to do then. */
export function outputPipe(): OutputPipe | undefined {
  if (spare.length === 0) spare.push(...makePipes());
  const pipe = spare.pop();
  if (!pipe) return undefined;
  const { readEnd, writeEnd } = pipe;
  const stream = new Socket({ fd: readEnd, readable: true, writable: false });
  return { writeEnd, stream, closeWriteEnd: () => closeSync(writeEnd) };
}

/** Named only until both ends are open. */
function makePipes(): readonly Pipe[] {
  const folder = mkdtempSync(join(tmpdir(), 'paas-local-pipes-'));
  try {
    const paths = Array.from({ length: BATCH }, (_, index) => join(folder, String(index)));
    ask('mkfifo', ['-m', '600', ...paths]);
    return paths.map((path) => {
      // Without O_NONBLOCK this would wait for a writer. The write end is another open file and stays blocking.
      const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
    });
  } catch {
    return []; // no mkfifo, or a file system without pipes
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
