/**
 * Real pipes for the output of programs. What Node makes itself is a pair of sockets, and a socket cannot be opened
 * by name: `> /dev/stdout` and `--access-logfile /dev/stderr`, which work on the platform, would fail.
 */
import { closeSync, constants, mkdtempSync, openSync, rmdirSync, rmSync } from 'node:fs';
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
  const made: Pipe[] = [];
  let folder: string | undefined;
  const paths: string[] = [];
  try {
    folder = mkdtempSync(join(tmpdir(), 'paas-local-pipes-'));
    for (let index = 0; index < BATCH; index++) paths.push(join(folder, String(index)));
    ask('mkfifo', ['-m', '600', ...paths]);
    for (const path of paths) made.push(openPipe(path));
  } catch {
    // No mkfifo, a file system without pipes, no folder for temporary files, no more open files: what is made will do.
  }
  // One by one: to read a folder takes an open file, which may be what is lacking.
  for (const path of paths) rmSync(path, { force: true });
  if (folder !== undefined) rmdirSync(folder);
  return made;
}

function openPipe(path: string): Pipe {
  // Without O_NONBLOCK this would wait for a writer. The write end is another open file and stays blocking.
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
}
