/** Stands before a cache's commands: writes down what is asked, and makes the next ones fail. Absent unless wanted. */
import type { RecordedCommand } from '../kit/cache-handle.ts';
import { HEADER_BYTES, REQUEST_MAGIC, RESPONSE_MAGIC } from './protocol/binary/codes.ts';
import type { Cache } from './cache.ts';
import type { Session } from './protocol/session.ts';
import { readBinary, readText, type ReadCommand } from './tap-read.ts';

/** The protocol's status of a server that failed. */
const INTERNAL_ERROR = 0x84;
const LF = 0x0a;
const CR = 0x0d;
/** Remembered at most; the oldest go first. */
const MAX_COMMANDS = 10_000;

export class Tap {
  readonly #cache: Cache;
  #commands: RecordedCommand[] = [];
  recording = false;
  failing = { count: 0, message: '' };

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  get idle(): boolean {
    return !this.recording && this.failing.count === 0;
  }

  get commands(): readonly RecordedCommand[] {
    return this.#commands;
  }

  clear(): void {
    this.#commands = [];
  }

  /** In place of `session.step`. */
  step(session: Session, at: number, end: number): number {
    const { authentication } = this.#cache;
    const stranger = authentication !== undefined && !session.authenticated;
    // What is said to log in is nobody else's.
    const read = stranger ? undefined : this.#read(at, end);
    if (!read) return session.step(session, at, end);
    if (this.failing.count > 0 && read.mayFail) return this.#fail(session, read, at, end);
    const { store } = this.#cache;
    const misses = store.counters.getMisses;
    const began = performance.now();
    const next = session.step(session, at, end);
    if (next === at || !this.recording) return next;
    this.#keep(
      session,
      read,
      performance.now() - began,
      read.reads
        ? {
            hits: read.keys.length - (store.counters.getMisses - misses),
            misses: store.counters.getMisses - misses,
          }
        : {},
    );
    return next;
  }

  #read(at: number, end: number): ReadCommand | undefined {
    const { arena, clock } = this.#cache.store;
    if (arena.bytes[at] === REQUEST_MAGIC) {
      return end - at < HEADER_BYTES ? undefined : readBinary(arena, clock, at, end);
    }
    const eol = arena.bytes.subarray(at, end).indexOf(LF);
    if (eol < 0) return undefined;
    const stop = at + (eol > 0 && arena.bytes[at + eol - 1] === CR ? eol - 1 : eol);
    return readText(arena.text(at, stop), at + eol + 1, clock);
  }

  #fail(session: Session, read: ReadCommand, at: number, end: number): number {
    const { count, message } = this.failing;
    this.failing = { count: count - 1, message };
    const { reply } = this.#cache;
    const answer = read.binary
      ? binaryFailure(read.binary, message)
      : Buffer.from(`SERVER_ERROR ${message.replaceAll(/[\r\n]+/g, ' ')}\r\n`);
    if (!read.quiet) reply.text(answer.toString('latin1')); // of any length
    if (this.recording) this.#keep(session, read, 0, { failed: true });
    // The value that belongs to it may not have come yet.
    const here = Math.min(read.next, end);
    session.swallow = read.valueBytes + Math.max(0, read.next - end);
    return Math.max(here, at + 1);
  }

  #keep(session: Session, read: ReadCommand, ms: number, outcome: Partial<RecordedCommand>): void {
    const { command, keys, ttlSeconds, bytes } = read;
    this.#commands.push({
      at: Date.now(),
      command,
      keys,
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      ...(bytes === undefined ? {} : { bytes }),
      ...outcome,
      ms: Math.round(ms * 1000) / 1000,
      client: session.transport.address,
    });
    if (this.#commands.length > MAX_COMMANDS) this.#commands.splice(0, Math.ceil(MAX_COMMANDS / 10));
  }
}

/** That of the cache; made where there is none. */
export function tapOf(cache: Cache): Tap {
  cache.tap ??= new Tap(cache);
  return cache.tap;
}

/** An answer to `request` with the status "internal error". */
function binaryFailure({ opcode, opaque }: { opcode: number; opaque: number }, message: string): Buffer {
  const text = Buffer.from(message);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(RESPONSE_MAGIC, 0);
  header.writeUInt8(opcode, 1);
  header.writeUInt16BE(INTERNAL_ERROR, 6);
  header.writeUInt32BE(text.length, 8);
  header.writeUInt32BE(opaque, 12);
  return Buffer.concat([header, text]);
}
