import { Socket, type OnReadOpts } from 'node:net';
import { RECEIVE_AT, RECEIVE_BYTES } from '../store/arena.ts';
import type { Arena } from '../store/arena.ts';

/** Takes bytes that lie at the start of the receive buffer. */
type OnReceived = (length: number) => void;

/**
 * Makes an accepted, paused socket read straight into the arena's receive buffer. `onread` is a documented
 * option of a new socket, but not of one that a server accepted; so its handle is given to a new socket.
 * @returns the socket to use from now on, or undefined where the handle cannot be had
 */
export function readIntoArena(accepted: Socket, arena: Arena, onReceived: OnReceived): Socket | undefined {
  const holder = accepted as { _handle?: unknown };
  const handle = holder._handle;
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return undefined;
  holder._handle = null;
  accepted.destroy();
  const buffer = arena.bytes.subarray(RECEIVE_AT, RECEIVE_AT + RECEIVE_BYTES);
  const onread: OnReadOpts = {
    buffer,
    callback(length) {
      // A cache whose memory limit was raised has moved to a larger arena.
      if (arena.bytes.buffer !== buffer.buffer) arena.bytes.set(buffer.subarray(0, length), RECEIVE_AT);
      onReceived(length);
      return true;
    },
  };
  return new Socket({ handle, onread } as ConstructorParameters<typeof Socket>[0]);
}

/** The same with documented means only: every chunk is copied into the receive buffer. */
export function copyIntoArena(accepted: Socket, arena: Arena, onReceived: OnReceived): Socket {
  accepted.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += RECEIVE_BYTES) {
      const part = chunk.subarray(at, at + RECEIVE_BYTES);
      arena.bytes.set(part, RECEIVE_AT);
      onReceived(part.length);
    }
  });
  return accepted;
}
