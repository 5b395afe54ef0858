/**
 * The output of a program as lines, at a pace our own loop can bear.
 *
 * Nothing is queued: while lines are handled the stream is not read, the pipe fills and the program waits in
 * its write, so a flood costs time of the program and not memory of ours. A rate limit, where asked for,
 * drops whole lines instead; how many is counted and said in one line.
 */
import type { Readable } from 'node:stream';
import { LineSplitter } from './lines.ts';

/** Read per stream in one turn of the event loop, so that timers, sockets and other streams get theirs. */
const BYTES_PER_TURN = 128 * 1024;
const RATE_WINDOW_MS = 1000;

export interface OutputOptions {
  readonly onLine: (text: string) => void;
  /** Lines beyond this many bytes within a second are dropped. Default: no limit, the program waits. */
  readonly maxBytesPerSecond?: number;
}

export interface Output {
  /** Resolves when all lines were handed on. Never rejects. */
  readonly closed: Promise<void>;
  readonly bytesRead: number;
  /** Reads no more; what was read is handed on. */
  close(): void;
}

export function readOutput(stream: Readable, options: OutputOptions): Output {
  const limited =
    options.maxBytesPerSecond === undefined
      ? { line: options.onLine, end: () => {} }
      : rateLimit(options.maxBytesPerSecond, options.onLine);
  const splitter = new LineSplitter(limited.line);
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
      limited.end();
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

function rateLimit(maxBytes: number, onLine: (text: string) => void): { line: typeof onLine; end(): void } {
  let windowEnd = 0;
  let bytes = 0;
  let dropped = 0;
  let notice: NodeJS.Timeout | undefined;
  const say = (): void => {
    clearTimeout(notice);
    notice = undefined;
    if (dropped > 0) onLine(`${dropped} lines dropped: output exceeded ${maxBytes} bytes per second`);
    dropped = 0;
  };
  return {
    line: (text) => {
      const now = performance.now();
      if (now >= windowEnd) {
        say();
        windowEnd = now + RATE_WINDOW_MS;
        bytes = 0;
      }
      // Counted in characters: exact bytes would cost a second pass over every line.
      bytes += text.length + 1;
      if (bytes <= maxBytes) return onLine(text);
      dropped++;
      notice ??= setTimeout(say, windowEnd - now).unref();
    },
    end: say,
  };
}
