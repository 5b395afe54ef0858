import type { Transport } from '../../../../services/memcached/protocol/transport.ts';

/** Without a socket. A slow client takes its answers only when it is told to, from the very memory they were given in. */
export abstract class HeldTransport implements Transport {
  readonly address = 'tcp:127.0.0.1:1';
  readonly listenAddress = 'tcp:127.0.0.1:2';
  blocked = false;
  ended = false;
  /** Takes nothing by itself. */
  slow = false;
  protected waiting: Buffer[] = [];
  #callbacks: Array<() => void> = [];

  /** @param bytes a copy of what was sent */
  protected abstract take(bytes: Buffer): void;

  send(bytes: Buffer): boolean {
    if (!this.slow && !this.blocked) {
      this.take(Buffer.from(bytes));
      return true;
    }
    this.waiting.push(bytes);
    this.blocked = true;
    return false;
  }

  sendAll(pieces: readonly Buffer[]): boolean {
    return pieces.map((piece) => this.send(piece)).every(Boolean);
  }

  afterDrain(callback: () => void): void {
    if (this.blocked) this.#callbacks.push(callback);
    else callback();
  }

  /** Nothing waits any more. */
  protected drained(): void {
    this.blocked = false;
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback();
  }

  pause(): void {}
  unpause(): void {}

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.ended = true;
  }
}
