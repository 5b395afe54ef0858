import { CARRY_BYTES, RECEIVE_AT } from '../store/arena.ts';
import type { Cache } from '../cache.ts';
import { textStep } from './text/step.ts';
import type { Transport } from './transport.ts';

/**
 * One client: takes received bytes of any split, serves the requests that are complete and keeps the
 * unfinished rest. The bytes lie in the arena's receive buffer; a kept rest is put in front of it.
 */
export class Session {
  readonly cache: Cache;
  readonly transport: Transport;
  /** The session is over; nothing more is served. */
  closing = false;
  /** Whether to answer with silence, for the request being served. */
  noreply = false;
  /** An item whose value is being received, where its next byte goes, and how many are missing. */
  item = 0;
  fillAt = 0;
  fillLeft = 0;
  /** Serves the request that was waiting for the value. */
  onFilled: ((session: Session) => void) | undefined;
  /** Hash of the key of `item`, and what to do with it. */
  hash = 0;
  mode = 0;
  /** Bytes to be ignored: a value nobody wants. */
  swallow = 0;
  /** Requests served in this turn. */
  turn = 0;
  /** Input not served yet: an unfinished request, or what waits for slow output. */
  #carry: Buffer | undefined;
  /** The carried bytes contain no line end, so more input without one is not worth looking at. */
  lineOpen = false;

  constructor(cache: Cache, transport: Transport) {
    this.cache = cache;
    this.transport = transport;
  }

  /** Serves `length` bytes at the start of the receive buffer. */
  receive(length: number): void {
    if (this.closing) return;
    this.cache.store.counters.bytesRead += length;
    this.cache.store.clock.tick();
    if (this.lineOpen && !this.#endsLine(length)) return;
    const end = RECEIVE_AT + length;
    const carried = this.#carry;
    if (carried === undefined) {
      this.#serve(RECEIVE_AT, end);
      return;
    }
    if (this.transport.blocked || carried.length > CARRY_BYTES) {
      this.#keep(RECEIVE_AT, end);
      return;
    }
    this.#carry = undefined;
    this.cache.store.arena.bytes.set(carried, RECEIVE_AT - carried.length);
    this.#serve(RECEIVE_AT - carried.length, end);
  }

  /** Goes on with what waited for slow output. */
  resume(): void {
    const carried = this.#carry;
    if (carried === undefined || this.closing) return;
    this.#carry = undefined;
    this.cache.store.clock.tick();
    const at = RECEIVE_AT - carried.length;
    this.cache.store.arena.bytes.set(carried, at);
    this.#serve(at, RECEIVE_AT);
  }

  /** Ends the session: what is in flight is given back. */
  close(): void {
    this.closing = true;
    this.#carry = undefined;
    if (this.item !== 0) this.cache.store.discard(this.item);
    this.item = 0;
  }

  /** Ends the connection after what was answered so far. */
  quit(): void {
    this.closing = true;
  }

  #serve(from: number, end: number): void {
    const { reply } = this.cache;
    reply.open(this.transport);
    this.turn = 0;
    const at = this.#run(from, end);
    if (at < end && !this.closing) this.#keep(at, end);
    if (reply.pending) reply.flush();
    const yields = Math.floor((this.turn - 1) / this.cache.settings.requestsPerTurn);
    if (yields > 0) this.cache.store.counters.connYields += yields;
    if (this.closing) {
      this.close();
      this.transport.end();
    }
  }

  #run(from: number, end: number): number {
    let at = from;
    while (at < end) {
      if (this.fillLeft > 0) at = this.#fill(at, end);
      else if (this.swallow > 0) at += this.#skip(end - at);
      else {
        const next = textStep(this, at, end);
        if (next === at) break;
        at = next;
        this.turn++;
      }
      if (this.closing || this.transport.blocked) break;
    }
    return at;
  }

  #fill(at: number, end: number): number {
    const length = Math.min(this.fillLeft, end - at);
    this.cache.store.arena.bytes.copyWithin(this.fillAt, at, at + length);
    this.fillAt += length;
    this.fillLeft -= length;
    if (this.fillLeft === 0) this.onFilled!(this);
    return at + length;
  }

  #skip(available: number): number {
    const length = Math.min(this.swallow, available);
    this.swallow -= length;
    return length;
  }

  /** Adds to the carried bytes; true if there is now a line end among them. */
  #endsLine(length: number): boolean {
    const chunk = this.cache.store.arena.bytes.subarray(RECEIVE_AT, RECEIVE_AT + length);
    this.lineOpen = !chunk.includes(0x0a);
    if (!this.lineOpen) return true;
    this.#keep(RECEIVE_AT, RECEIVE_AT + length);
    return false;
  }

  #keep(from: number, end: number): void {
    const fresh = this.cache.store.arena.bytes.subarray(from, end);
    this.#carry = this.#carry === undefined ? Buffer.from(fresh) : Buffer.concat([this.#carry, fresh]);
    if (this.#carry.length > CARRY_BYTES) {
      this.closing = true;
      this.close();
      this.transport.destroy();
    }
  }
}
