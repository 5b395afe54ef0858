/** Holds back what a socket sends (and, frozen, what it reads), without whoever uses it knowing. */
import type { Socket } from 'node:net';

/** How the sockets of one server are held back. All as usual: `0`, `0`, `0`, `false`. */
export interface Shape {
  latencyMs: number;
  jitterMs: number;
  bytesPerSecond: number;
  frozen: boolean;
}

export const isShaped = ({ latencyMs, bytesPerSecond, frozen }: Shape): boolean =>
  latencyMs > 0 || bytesPerSecond > 0 || frozen;

interface Piece {
  readonly bytes: Buffer;
  /** When it may leave, on the clock of `performance.now`. */
  readonly due: number;
  readonly sent: (() => void) | undefined;
}

/** What is sent at once under a limited bandwidth, in parts of a second. */
const SLICES_PER_SECOND = 20;

/**
 * Takes the place of the socket's own methods for as long as it is held back; at other times they are its own, so an
 * undisturbed socket costs nothing.
 */
export class ShapedSocket {
  readonly #socket: Socket;
  readonly #shape: Shape;
  readonly #onHeld: (held: boolean) => void;
  #queue: Piece[] = [];
  #lastDue = 0;
  /** No byte may leave before this: the bandwidth is used up. */
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #ending = false;
  #installed = false;
  #wantsToRead = true;

  /** @param onHeld told when the socket's methods are taken over, and when they are its own again */
  constructor(socket: Socket, shape: Shape, onHeld: (held: boolean) => void) {
    this.#socket = socket;
    this.#shape = shape;
    this.#onHeld = onHeld;
    socket.once('close', () => {
      clearTimeout(this.#timer);
      this.#queue = [];
    });
  }

  /** The shape was changed. */
  update(): void {
    if (isShaped(this.#shape)) this.#install();
    if (!this.#installed) return;
    if (this.#shape.frozen) this.#stopReading();
    else this.#goOnReading();
    this.#pump();
  }

  #install(): void {
    if (this.#installed) return;
    this.#installed = true;
    this.#onHeld(true);
    const socket = this.#socket;
    socket.write = ((chunk: Uint8Array | string, encoding?: unknown, callback?: unknown) => {
      const sent = [encoding, callback].find((one) => typeof one === 'function') as (() => void) | undefined;
      // Copied: whoever wrote it may use the memory again.
      const bytes = Buffer.from(
        chunk as string,
        typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8',
      );
      this.#add(bytes, sent);
      return true;
    }) as Socket['write'];
    socket.end = ((...args: unknown[]) => {
      const [chunk] = args;
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) socket.write(chunk);
      this.#ending = true;
      this.#pump();
      return socket;
    }) as Socket['end'];
    socket.destroySoon = () => {
      this.#ending = true;
      this.#pump();
    };
  }

  /** The socket's own methods again. */
  #uninstall(): void {
    this.#installed = false;
    const own = this.#socket as { write?: unknown; end?: unknown; destroySoon?: unknown };
    delete own.write;
    delete own.end;
    delete own.destroySoon;
    if (this.#ending) this.#socket.destroySoon();
    else this.#onHeld(false);
  }

  #add(bytes: Buffer, sent: (() => void) | undefined): void {
    const { latencyMs, jitterMs } = this.#shape;
    const delay = Math.max(0, latencyMs + (Math.random() * 2 - 1) * jitterMs);
    // What was sent first arrives first.
    this.#lastDue = Math.max(this.#lastDue, performance.now() + delay);
    this.#queue.push({ bytes, due: this.#lastDue, sent });
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#shape.frozen || this.#socket.destroyed) return;
    const late = this.#shape.latencyMs > 0;
    for (let piece = this.#queue[0]; piece; piece = this.#queue[0]) {
      const wait = Math.max(late ? piece.due : 0, this.#freeAt) - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(wait));
        return;
      }
      this.#send(piece);
    }
    if (!isShaped(this.#shape)) this.#uninstall();
    else if (this.#ending) this.#uninstall();
  }

  #send(piece: Piece): void {
    const { bytesPerSecond } = this.#shape;
    const slice =
      bytesPerSecond > 0 ? Math.max(1, Math.floor(bytesPerSecond / SLICES_PER_SECOND)) : piece.bytes.length;
    const now = piece.bytes.subarray(0, slice);
    const rest = piece.bytes.subarray(slice);
    if (bytesPerSecond > 0) this.#freeAt = performance.now() + (now.length / bytesPerSecond) * 1000;
    // oxlint-disable-next-line typescript/unbound-method -- called with the socket it belongs to
    const { write } = Object.getPrototypeOf(this.#socket) as Socket;
    if (rest.length === 0) {
      this.#queue.shift();
      write.call(this.#socket, now, undefined, piece.sent);
    } else {
      this.#queue[0] = { ...piece, bytes: rest };
      write.call(this.#socket, now);
    }
  }

  #stopReading(): void {
    const socket = this.#socket;
    if (Object.hasOwn(socket, 'resume')) return;
    this.#wantsToRead = !socket.isPaused();
    socket.pause();
    socket.resume = () => {
      this.#wantsToRead = true;
      return socket;
    };
    socket.pause = () => {
      this.#wantsToRead = false;
      return socket;
    };
  }

  #goOnReading(): void {
    const own = this.#socket as { resume?: unknown; pause?: unknown };
    if (!Object.hasOwn(own, 'resume')) return;
    delete own.resume;
    delete own.pause;
    if (this.#wantsToRead) this.#socket.resume();
  }
}
