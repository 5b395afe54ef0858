/** Makes the faults of sockets happen at one server's port. */
import type { Socket } from 'node:net';
import { FaultUnknown, type Fault, type Faults } from './faults.ts';
import { holdPort } from './held-port.ts';
import { isShaped, ShapedSocket, type Shape } from './shaped-socket.ts';

/** One client of a server. */
export interface DoorClient {
  readonly socket: Socket;
  /** Called when what it is sent is to be held back, and so has to go by its socket's methods; and when that is over. */
  heldBack?(held: boolean): void;
}

/** What a server lends of itself. */
export interface FaultDoor {
  readonly host: string;
  readonly port: number;
  clients(): Iterable<DoorClient>;
  /** Frees the port; connections are not waited for. */
  stopListening(): Promise<void>;
  /** Listens on the same port again. */
  listenAgain(): Promise<void>;
  /** The next requests fail. */
  failNext(count: number, message: string): void;
  /** How many of those have not come yet. */
  failing(): { readonly count: number; readonly message: string };
}

/** Of the event loop: one reads, the next tells of the end that came behind it. */
const TURNS = 3;

export class FaultGate implements Faults, AsyncDisposable {
  readonly #door: FaultDoor;
  readonly #shape: Shape = { latencyMs: 0, jitterMs: 0, bytesPerSecond: 0, frozen: false };
  readonly #shaped = new WeakMap<Socket, ShapedSocket>();
  #held: AsyncDisposable | undefined;
  /** One change at a time: a port is not freed while it is taken. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(door: FaultDoor) {
    this.#door = door;
  }

  /** A client connected. */
  accepted(client: DoorClient): void {
    if (isShaped(this.#shape)) this.#shapeOf(client).update();
  }

  apply(fault: Fault): Promise<number> {
    const done = this.#turn.then(() => this.#apply(fault));
    this.#turn = done.catch(() => {});
    return done;
  }

  async active(): Promise<readonly Fault[]> {
    const { latencyMs, jitterMs, bytesPerSecond, frozen } = this.#shape;
    const { count, message } = this.#door.failing();
    return [
      ...(this.#held ? [{ kind: 'down' } as const] : []),
      ...(frozen ? [{ kind: 'freeze' } as const] : []),
      ...(latencyMs > 0 ? [{ kind: 'latency', ms: latencyMs, jitterMs } as const] : []),
      ...(bytesPerSecond > 0 ? [{ kind: 'bandwidth', bytesPerSecond } as const] : []),
      ...(count > 0 ? [{ kind: 'fail-next', count, message } as const] : []),
    ];
  }

  /** Lets the port go, if it is held. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#held?.[Symbol.asyncDispose]();
  }

  async #apply(fault: Fault): Promise<number> {
    switch (fault.kind) {
      case 'down':
        await this.#down();
        return 0;
      case 'up':
        await this.#up();
        await this.#thaw({ frozen: false });
        return 0;
      case 'freeze':
        await this.#up();
        this.#reshape({ frozen: true });
        return 0;
      case 'latency':
        this.#reshape({ latencyMs: fault.ms, jitterMs: fault.jitterMs });
        return 0;
      case 'bandwidth':
        this.#reshape({ bytesPerSecond: fault.bytesPerSecond });
        return 0;
      case 'drop-connections':
        return this.#drop();
      case 'fail-next':
        this.#door.failNext(fault.count, fault.message);
        return 0;
      case 'clear':
        await this.#up();
        await this.#thaw({ latencyMs: 0, jitterMs: 0, bytesPerSecond: 0, frozen: false });
        this.#door.failNext(0, '');
        return 0;
      case 'evict':
      case 'expire':
        throw new FaultUnknown('only a cache of ours knows its items');
    }
  }

  async #down(): Promise<void> {
    if (this.#held) return;
    const { host, port } = this.#door;
    const freed = this.#door.stopListening();
    this.#drop();
    await freed;
    this.#held = await holdPort(host, port);
  }

  async #up(): Promise<void> {
    if (!this.#held) return;
    await this.#held[Symbol.asyncDispose]();
    await this.#door.listenAgain();
    this.#held = undefined;
  }

  /**
   * What came while nobody read is read before anything else is done: the next fault, or the next test, is not for
   * requests whose client has long gone.
   */
  async #thaw(change: Partial<Shape>): Promise<void> {
    const { frozen } = this.#shape;
    this.#reshape(change);
    for (let turn = 0; frozen && turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  #reshape(change: Partial<Shape>): void {
    Object.assign(this.#shape, change);
    for (const client of this.#door.clients()) {
      if (isShaped(this.#shape) || this.#shaped.has(client.socket)) this.#shapeOf(client).update();
    }
  }

  #shapeOf(client: DoorClient): ShapedSocket {
    const { socket } = client;
    let shaped = this.#shaped.get(socket);
    if (!shaped) {
      shaped = new ShapedSocket(socket, this.#shape, (held) => client.heldBack?.(held));
      this.#shaped.set(socket, shaped);
    }
    return shaped;
  }

  #drop(): number {
    let count = 0;
    for (const { socket } of this.#door.clients()) {
      socket.resetAndDestroy();
      count += 1;
    }
    return count;
  }
}
