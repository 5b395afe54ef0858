import { CARRY_BYTES, RECEIVE_AT } from '../store/arena.ts';
import { authenticationStep } from './text/authentication.ts';
import { binaryStep } from './binary/step.ts';
import { lookAhead as binaryLookAhead } from './binary/look-ahead.ts';
import { lookAhead as textLookAhead } from './text/look-ahead.ts';
import { textStep } from './text/step.ts';
import type { Cache } from '../cache.ts';
import type { Protocol } from '../settings.ts';
import type { Transport } from './transport.ts';

const BINARY_REQUEST = 0x80;
const LF = 0x0a;
/** Shorter chunks hold one or two requests, as a rule: too few for looking ahead to pay. */
const LOOK_AHEAD_BYTES = 64;

/** Serves the request at a position; gives the position after it, or the same if it is not complete. */
export type Step = (session: Session, at: number, end: number) => number;

/** Why a connection ended, in the words of the log. */
export type CloseReason = 'normal' | 'error' | 'idle_timeout' | 'shutdown';

/**
 * One client: takes received bytes of any split, serves the requests that are complete and keeps the
 * unfinished rest. The bytes lie in the arena's receive buffer; a kept rest is put in front of it.
 */
export class Session {
  readonly cache: Cache;
  readonly transport: Transport;
  step: Step;
  /** By which logs and statistics name the connection. */
  number = 0;
  /** Second of the last request. */
  lastRequest: number;
  /** The session is over; nothing more is served. */
  closing = false;
  closeReason: CloseReason = 'error';
  /** A long answer is being made bit by bit: requests wait until `resume`. */
  busy = false;
  /** The connection became a log: what it sends is ignored. */
  watching = false;
  /** Logged in, where that is asked for. */
  authenticated = false;
  /** A SASL exchange was begun. */
  saslStarted = false;
  /** Whether to answer with silence, for the request being served. */
  noreply = false;
  /** An item whose value is being received, where its next byte goes, and how many are missing. */
  item = 0;
  fillAt = 0;
  fillLeft = 0;
  /** Serves the request that was waiting for the value. */
  onFilled: ((session: Session) => void) | undefined;
  /** How to store `item`: a `StoreMode`. */
  mode = 0;
  /** What the storage command's answer needs besides, for the protocols that need it. */
  request: unknown;
  /** Input to be ignored: a value nobody wants. */
  swallow = 0;
  /** Requests served in this turn, and whether an answer to one has been sent. */
  turn = 0;
  answered = false;
  /** Input not served yet: an unfinished request, or what waits for slow output. */
  #carry: Buffer | undefined;
  /** Where what is carried lies if more was added to it, with room behind. */
  #room: Buffer | undefined;
  /** The carried bytes hold no line end, so more input without one is not worth looking at. */
  lineOpen = false;

  constructor(cache: Cache, transport: Transport) {
    this.cache = cache;
    this.transport = transport;
    this.step = firstStep(cache, cache.settings.protocol);
    this.lastRequest = cache.store.clock.now;
  }

  /** What the session is doing, in the words of `stats conns`. */
  get state(): string {
    if (this.watching) return 'conn_watch';
    if (this === this.cache.current) return 'conn_parse_cmd';
    if (this.transport.blocked) return 'conn_mwrite';
    if (this.fillLeft > 0) return 'conn_nread';
    return this.swallow > 0 ? 'conn_swallow' : 'conn_read';
  }

  /** Serves `length` bytes at the start of the receive buffer. */
  receive(length: number): void {
    if (this.closing || this.watching) return;
    const { store } = this.cache;
    store.counters.bytesRead += length;
    store.clock.tick();
    const end = RECEIVE_AT + length;
    const carried = this.#carry;
    if (carried === undefined) {
      this.#serve(RECEIVE_AT, end);
    } else if (this.busy || this.transport.blocked || (this.lineOpen && !this.#hasLineEnd(length))) {
      this.#keep(RECEIVE_AT, end);
    } else {
      this.#setCarry(undefined);
      this.lineOpen = false;
      store.arena.bytes.set(carried, RECEIVE_AT - carried.length);
      this.#serve(RECEIVE_AT - carried.length, end);
    }
  }

  /** Bytes kept because their request is not complete, or has to wait. At most `CARRY_BYTES` and a chunk. */
  get kept(): number {
    return this.#carry?.length ?? 0;
  }

  /** Bytes of a value that may be put at `fillAt` unseen, see `filled`. */
  get fillable(): number {
    return this.#carry === undefined && !this.closing ? this.fillLeft : 0;
  }

  /** Counts `length` bytes of a value that were put at `fillAt`, and serves the request if it is complete. */
  filled(length: number): void {
    if (this.closing) return;
    const { store } = this.cache;
    store.counters.bytesRead += length;
    this.fillAt += length;
    this.fillLeft -= length;
    if (this.fillLeft > 0) return;
    store.clock.tick();
    this.#serve(RECEIVE_AT, RECEIVE_AT, this.onFilled);
  }

  /** Goes on with what waited for slow output or a long answer. */
  resume(): void {
    const carried = this.#carry;
    if (carried === undefined || this.closing || this.busy) return;
    this.#setCarry(undefined);
    const { store } = this.cache;
    store.clock.tick();
    const at = RECEIVE_AT - carried.length;
    store.arena.bytes.set(carried, at);
    this.#serve(at, RECEIVE_AT);
  }

  /** Speaks this protocol, whatever the settings say; where a login is asked for, that decides. */
  speak(protocol: Protocol): void {
    this.step = firstStep(this.cache, protocol);
  }

  /** Speaks the text protocol with whoever it is, logged in or not. */
  trust(): void {
    this.authenticated = true;
    this.step = textStep;
  }

  /** Ends the session after the requests served so far. */
  quit(reason: CloseReason): void {
    this.closing = true;
    this.closeReason = reason;
  }

  /** The connection is gone: what was in flight is given back. */
  close(): void {
    this.closing = true;
    this.#setCarry(undefined);
    if (this.item !== 0) this.cache.store.memory.discard(this.item);
    this.item = 0;
    this.fillLeft = 0;
    if (this.watching) this.cache.watchers.remove(this);
  }

  /** Sends what was answered outside of a received chunk. */
  flush(): void {
    const { reply } = this.cache;
    reply.open(this.transport);
    if (!reply.pending) return;
    reply.flush();
    this.answered = true;
  }

  #serve(from: number, end: number, first?: (session: Session) => void): void {
    const { reply, store, settings } = this.cache;
    reply.open(this.transport);
    this.cache.current = this;
    this.turn = 0;
    this.answered = false;
    first?.(this);
    store.keys.forget();
    if (end - from > LOOK_AHEAD_BYTES) this.#lookAhead(from, end);
    const at = this.#run(from, end);
    this.cache.current = undefined;
    if (this.turn > 0) {
      this.lastRequest = store.clock.now;
      const yields = Math.floor((this.turn - 1) / settings.requestsPerTurn);
      if (yields > 0) store.counters.connYields += yields;
    }
    if (reply.pending) reply.flush();
    if (this.closing) {
      this.close();
      this.transport.end();
    } else if (at < end && !this.watching) {
      this.#keep(at, end);
    }
  }

  #lookAhead(from: number, end: number): void {
    if (this.fillLeft > 0 || this.swallow > 0) return;
    if (this.step === textStep) textLookAhead(this.cache.store, from, end);
    else if (this.step === binaryStep) binaryLookAhead(this.cache.store, from, end);
  }

  #run(from: number, end: number): number {
    const { tap } = this.cache;
    let at = from;
    while (at < end) {
      if (this.fillLeft > 0) {
        at = this.#fill(at, end);
      } else if (this.swallow > 0) {
        at += this.#skip(end - at);
      } else {
        const next = tap === undefined ? this.step(this, at, end) : tap.step(this, at, end);
        if (next === at) break;
        at = next;
        this.turn++;
      }
      if (this.closing || this.busy || this.watching || this.transport.blocked) break;
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

  #hasLineEnd(length: number): boolean {
    return this.cache.store.arena.bytes.subarray(RECEIVE_AT, RECEIVE_AT + length).includes(LF);
  }

  #keep(from: number, end: number): void {
    const fresh = this.cache.store.arena.bytes.subarray(from, end);
    const { connections, settings, store } = this.cache;
    const limit = settings.readBufferLimitBytes;
    const isKept = this.#addCarry(fresh) && (limit === 0 || connections.keptBytes <= limit);
    if (!isKept) store.counters.readBufferOom++;
    if (isKept && this.kept <= CARRY_BYTES) return;
    this.close();
    this.transport.destroy();
  }

  /** @returns false if there is no memory for it */
  #addCarry(fresh: Buffer): boolean {
    try {
      this.#setCarry(this.#carry === undefined ? Buffer.from(fresh) : this.#appended(this.#carry, fresh));
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** Both, one behind the other. A long line that comes byte by byte is not copied for each of them. */
  #appended(carried: Buffer, fresh: Buffer): Buffer {
    const length = carried.length + fresh.length;
    if (this.#room === undefined || this.#room.length < length) {
      this.#room = Buffer.allocUnsafeSlow(length * 2);
      this.#room.set(carried);
    }
    this.#room.set(fresh, carried.length);
    return this.#room.subarray(0, length);
  }

  #setCarry(carry: Buffer | undefined): void {
    this.cache.connections.keptBytes += (carry?.length ?? 0) - this.kept;
    if (carry === undefined) this.#room = undefined;
    this.#carry = carry;
  }
}

function firstStep(cache: Cache, protocol: Protocol): Step {
  if (cache.settings.sasl) return binaryStep;
  // Only SASL asks for a login in the binary protocol: without it, that protocol would be a way round the login.
  if (cache.authentication) return authenticationStep;
  if (protocol === 'binary') return binaryStep;
  return protocol === 'ascii' ? textStep : negotiate;
}

/** The first byte of a connection decides its protocol. */
function negotiate(session: Session, at: number, end: number): number {
  const binary = session.cache.store.arena.bytes[at] === BINARY_REQUEST;
  session.step = binary ? binaryStep : textStep;
  return session.step(session, at, end);
}
