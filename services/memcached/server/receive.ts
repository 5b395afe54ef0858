import { Socket } from 'node:net';
import { RECEIVE_AT, RECEIVE_BYTES } from '../store/arena.ts';
import { streamInternals } from './stream-internals.ts';
import type { Arena } from '../store/arena.ts';

/** Missing bytes of a value from which on they are read to where they belong, past the receive buffer. */
const DIRECT_BYTES = 16 * 1024;

/** Takes what was received: a session. */
export interface Receiver {
  /** Takes bytes that lie at the start of the receive buffer. */
  receive(length: number): void;
  /** Where in the arena the next bytes belong, and how many; 0 if they have to be looked at first. */
  readonly fillAt: number;
  readonly fillable: number;
  /** Takes bytes that lie there. */
  filled(length: number): void;
}

/**
 * Makes an accepted, paused socket read straight into the arena: into the receive buffer, or a large value into its
 * item. `onread` is a documented option of a new socket, but not of one that a server accepted; so its handle is given
 * to a new socket. What was read is then taken from the handle itself; its end and its errors stay the socket's.
 * @param receiver gives who receives; called with the first bytes at the earliest
 * @returns the socket to use from now on, or undefined where the handle is not what is expected
 */
export function readIntoArena(accepted: Socket, arena: Arena, receiver: () => Receiver): Socket | undefined {
  const internals = streamInternals();
  const holder = accepted as { _handle?: unknown };
  const handle = holder._handle;
  if (!internals || !isReadHandle(handle)) return undefined;
  holder._handle = null;
  accepted.destroy();
  const reads = new ArenaReads(arena, receiver);
  // A socket wants both; it hears of no read, as the handle's are taken below.
  const onread = { buffer: () => reads.into, callback: () => true };
  const socket = new Socket({ handle, onread } as unknown as ConstructorParameters<typeof Socket>[0]);
  const { onread: socketReads } = handle;
  const { streamBaseState, kReadBytesOrError } = internals;
  handle.onread = function takeRead(this: unknown, buffer: unknown): unknown {
    const length = streamBaseState[kReadBytesOrError]!;
    if (length <= 0) return Reflect.apply(socketReads, this, [buffer]);
    const before = reads.into;
    reads.take(length);
    return reads.into === before ? undefined : reads.into;
  };
  return socket;
}

interface ReadHandle {
  readonly useUserBuffer: unknown;
  /** Called with every read, and with the end; gives another buffer for the next read, or undefined. */
  onread: (this: unknown, buffer: unknown) => unknown;
}

function isReadHandle(handle: unknown): handle is ReadHandle {
  if (typeof handle !== 'object' || handle === null) return false;
  const { useUserBuffer, onread } = handle as Partial<ReadHandle>;
  return typeof useUserBuffer === 'function' && typeof onread === 'function';
}

/** Where the bytes of one socket are read to. */
class ArenaReads {
  readonly #arena: Arena;
  readonly #receiver: () => Receiver;
  /** All of the arena, of which `into` is a part. Its `buffer` would do, but asking for that is a slow call. */
  #whole: Uint8Array;
  /** Where the next read shall go. */
  into: Uint8Array;
  #direct = false;

  constructor(arena: Arena, receiver: () => Receiver) {
    this.#arena = arena;
    this.#receiver = receiver;
    this.#whole = arena.bytes;
    this.into = receiveBuffer(arena);
  }

  /** Takes bytes that were read to `into`. */
  take(length: number): void {
    const arena = this.#arena;
    const receiver = this.#receiver();
    // A cache whose memory limit was raised has moved to a larger arena.
    const moved = arena.bytes !== this.#whole;
    if (moved) {
      arena.bytes.set(this.into.subarray(0, length), this.#direct ? receiver.fillAt : RECEIVE_AT);
      this.#whole = arena.bytes;
    }
    if (this.#direct) receiver.filled(length);
    else receiver.receive(length);
    const { fillable } = receiver;
    if (fillable >= DIRECT_BYTES) {
      this.#direct = true;
      this.into = arena.bytes.subarray(receiver.fillAt, receiver.fillAt + fillable);
    } else if (this.#direct || moved) {
      this.#direct = false;
      this.into = receiveBuffer(arena);
    }
  }
}

function receiveBuffer(arena: Arena): Uint8Array {
  return arena.bytes.subarray(RECEIVE_AT, RECEIVE_AT + RECEIVE_BYTES);
}

/** The same with documented means only: every chunk is copied into the receive buffer. */
export function copyIntoArena(accepted: Socket, arena: Arena, receiver: () => Receiver): Socket {
  accepted.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += RECEIVE_BYTES) {
      const part = chunk.subarray(at, at + RECEIVE_BYTES);
      arena.bytes.set(part, RECEIVE_AT);
      receiver().receive(part.length);
    }
  });
  return accepted;
}
