/**
 * The output of a program as lines, at a pace our own loop can bear.
 *
 * Nothing is queued: while lines are handled the stream is not read, the pipe fills and the program waits in
 * its write, so a flood costs time of the program and not memory of ours. A rate limit, where asked for, drops whole
 * lines instead (`rate-limit.ts`).
 */
import type { Readable } from 'node:stream';
import { LineSplitter } from './lines.ts';
import type { RateLimit } from './rate-limit.ts';

/** Read per stream in one turn of the event loop, so that timers, sockets and other streams get theirs. */
const BYTES_PER_TURN = 128 * 1024;

export interface OutputOptions {
  readonly onLine: (text: string) => void;
  /** Decides which lines are handed on. Default: all, the program waits. */
  readonly limit?: RateLimit;
}

export interface Output {
  /** Resolves when all lines were handed on. Never rejects. */
  readonly closed: Promise<void>;
  readonly bytesRead: number;
  /** Reads no more; what was read is handed on. */
  close(): void;
}

export function readOutput(stream: Readable, options: OutputOptions): Output {
  const { limit, onLine } = options;
  const splitter = new LineSplitter(limit ? (text) => limit.pass(text, onLine) : onLine);
  let readThisTurn = 0;
  let bytesRead = 0;

  const nextTurn = (): void => {
    readThisTurn = 0;
    if (!stream.destroyed && stream.isPaused()) stream.resume();
  };
  stream.on('data', (chunk: Buffer) => {
    if (readThisTurn === 0) setImmediate(nextTurn);
    readThisTurn += chunk.length;
    bytesRead += chunk.length;
    if (readThisTurn >= BYTES_PER_TURN) stream.pause();
    splitter.push(chunk);
  });
  // A broken pipe is an end like any other; `close` follows.
  stream.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => {
      splitter.end();
      limit?.end();
      resolve();
    });
  });
  return {
    closed,
    get bytesRead() {
      return bytesRead;
    },
    close: () => void stream.destroy(),
  };
}
