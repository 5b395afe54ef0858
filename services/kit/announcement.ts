/** Waits for a detached program's one line on stdout, or for the reason why it does not come. */
import type { EventEmitter } from 'node:events';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { LineSplitter } from './lines.ts';
import { sendSignal } from './marked.ts';
import { ProcessError } from './process-error.ts';

const LOG_LINES = 40;
const LOG_BYTES = 64 * 1024;

/** The part of a child process that is used here. */
interface AnnouncingChild extends EventEmitter {
  readonly pid?: number | undefined;
  readonly stdout: Readable | null;
}

interface AnnouncementOptions {
  readonly file: string;
  readonly timeoutMs: number;
  readonly logFile: string;
  /** Where this program's part of the log begins, in bytes. */
  readonly logStart: number;
}

/** Rejects with `NOT_ANNOUNCED`, or with what `toError` makes of a failed start. */
export function announcement(
  child: AnnouncingChild,
  options: AnnouncementOptions,
  toError: (error: Error) => ProcessError,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    const fail = (
      what: string,
      facts: { code: number | null; signal: string | null; timedOut: boolean },
    ): void => {
      const logLines = lastLines(options.logFile, options.logStart);
      const message = `"${options.file}" ${what} before it announced itself`;
      settle(() => reject(new ProcessError('NOT_ANNOUNCED', message, { ...facts, logLines })));
    };
    const timer = setTimeout(() => {
      if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL');
      fail(`was ended after ${options.timeoutMs} ms`, { code: null, signal: null, timedOut: true });
    }, options.timeoutMs);
    const splitter = new LineSplitter((line) => settle(() => resolve(line)));
    child.stdout?.on('data', (chunk: Buffer) => splitter.push(chunk));
    child.stdout?.on('error', () => {});
    child.once('error', (error: Error) => settle(() => reject(toError(error))));
    // Its last words may still be in the pipe: `close` comes after them, but only when nobody holds the pipe any more.
    child.once('exit', (code: number | null, signal: NodeJS.Signals | null) => {
      const tell = (): void =>
        fail(`exited with ${signal ?? `status ${code}`}`, { code, signal, timedOut: false });
      setImmediate(() => setImmediate(tell));
    });
  });
}

/** What was added to the log since `start`: the last 40 lines within 64 KiB. */
function lastLines(file: string, start: number): readonly string[] {
  try {
    const log = openSync(file, 'r');
    try {
      const { size } = fstatSync(log);
      const from = Math.max(start, size - LOG_BYTES);
      const bytes = Buffer.alloc(Math.max(0, size - from));
      const read = readSync(log, bytes, 0, bytes.length, from);
      const lines = bytes.toString('utf8', 0, read).split('\n');
      return lines.filter((line) => line.trim() !== '').slice(-LOG_LINES);
    } finally {
      closeSync(log);
    }
  } catch {
    return []; // the reason for the failure is elsewhere; a log that cannot be read must not hide it
  }
}
