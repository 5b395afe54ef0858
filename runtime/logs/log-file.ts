/**
 * A log on disk: one JSON line per log line, rotated, written behind the caller's back in batches.
 * It survives stop and crash, and is read without a host (`logs --recent` when nothing runs).
 */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  fstatSync,
} from 'node:fs';
import { appendFile, stat } from 'node:fs/promises';
import type { LogLine } from './types.ts';

const ROTATE_BYTES = 5 * 1024 * 1024;
const KEPT_FILES = 3;
const FLUSH_MS = 100;
/** So much is written without waiting for more. */
const FLUSH_BYTES = 512 * 1024;
/** What may wait for the disk; past this lines are dropped and counted. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** How much of a file is read to find its last lines. */
const TAIL_BYTES = 2 * 1024 * 1024;

/** One JSON value per line. */
export class LogFile<Line = LogLine> {
  readonly #path: string;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #size: number | undefined;
  #busy = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #dropped = 0;
  readonly #onDropped: (count: number) => void;

  /** @param onDropped told how many lines could not be kept (the disk was too slow, or full) once it can again */
  constructor(path: string, onDropped: (count: number) => void = () => {}) {
    this.#path = path;
    this.#onDropped = onDropped;
  }

  append(line: Line): void {
    const text = `${JSON.stringify(line)}\n`;
    if (this.#waitingBytes + text.length > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
    if (this.#waitingBytes > FLUSH_BYTES && !this.#busy) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  /** Writes what waits. Never rejects: a log that cannot be written must not stop an app. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting;
    const text = lines.join('');
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#busy = true;
    try {
      this.#size ??= await stat(this.#path).then(
        (facts) => facts.size,
        () => 0,
      );
      if (this.#size > ROTATE_BYTES) this.#rotate();
      await appendFile(this.#path, text, { mode: 0o600 });
      this.#size += Buffer.byteLength(text);
      this.#sayDropped();
    } catch {
      this.#dropped += lines.length;
    } finally {
      this.#busy = false;
    }
  }

  #sayDropped(): void {
    const count = this.#dropped;
    this.#dropped = 0;
    if (count > 0) this.#onDropped(count);
  }

  #rotate(): void {
    for (let index = KEPT_FILES - 1; index >= 1; index--) {
      const older = `${this.#path}.${index}`;
      if (existsSync(older)) renameSync(older, `${this.#path}.${index + 1}`);
    }
    rmSync(`${this.#path}.${KEPT_FILES}`, { force: true });
    renameSync(this.#path, `${this.#path}.1`);
    this.#size = 0;
  }
}

/** The last `count` lines of a log, oldest first, the file before the last rotation included. */
export function readLastLines<Line = LogLine>(path: string, count: number): Line[] {
  const newest = tail<Line>(path, count);
  if (newest.length >= count) return newest;
  return [...tail<Line>(`${path}.1`, count - newest.length), ...newest];
}

/** Every line that is kept, oldest first, up to one that `until` accepts (which is left out). */
export function readAllLines<Line = LogLine>(
  path: string,
  until: (line: Line) => boolean = () => false,
): Line[] {
  const lines: Line[] = [];
  const files = openAll(path);
  try {
    for (const file of files.toReversed()) {
      for (const line of parse<Line>(readFileSync(file, 'utf8'))) {
        if (until(line)) return lines;
        lines.push(line);
      }
    }
    return lines;
  } finally {
    for (const file of files) closeSync(file);
  }
}

/**
 * All that is kept, newest first, held open: the host may rotate them while they are read. One that became the next
 * older while we were opening them is met again, and left out.
 */
function openAll(path: string): readonly number[] {
  const files: number[] = [];
  const met = new Set<number>();
  for (let index = 0; index <= KEPT_FILES; index++) {
    let file: number;
    try {
      file = openSync(index === 0 ? path : `${path}.${index}`, 'r');
    } catch {
      continue; // there is none, yet or any more
    }
    const { ino } = fstatSync(file);
    if (met.has(ino)) closeSync(file);
    else files.push(file);
    met.add(ino);
  }
  return files;
}

export function removeLogFiles(path: string): void {
  rmSync(path, { force: true });
  for (let index = 1; index <= KEPT_FILES; index++) rmSync(`${path}.${index}`, { force: true });
}

function tail<Line>(path: string, count: number): Line[] {
  let text: string;
  try {
    text = readEnd(path);
  } catch {
    return [];
  }
  return parse<Line>(text, -count - 2).slice(-count);
}

function parse<Line>(text: string, from = 0): Line[] {
  const lines: Line[] = [];
  for (const line of text.split('\n').slice(from)) {
    try {
      lines.push(JSON.parse(line) as Line);
    } catch {
      // The first line of a window may be cut, the last half-written by a host that died.
    }
  }
  return lines;
}

function readEnd(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size <= TAIL_BYTES) return readFileSync(file, 'utf8');
    const window = Buffer.alloc(TAIL_BYTES);
    readSync(file, window, 0, TAIL_BYTES, size - TAIL_BYTES);
    return window.toString('utf8');
  } finally {
    closeSync(file);
  }
}
