/** Stands on a service's port and passes everything on to the engine behind it, so that its clients can be disturbed. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Failer } from './failer.ts';
import { FaultUnknown, type Faults } from './faults.ts';
import { FaultGate } from './fault-gate.ts';

export interface RelayOptions {
  readonly host: string;
  /** To listen on; 0 for any free one. */
  readonly port: number;
  /** Where the engine listens. */
  readonly target: { readonly host: string; readonly port: number };
  /** Makes requests fail, for protocols we know. */
  readonly failer?: (() => Failer) | undefined;
}

export interface Relay extends AsyncDisposable {
  readonly port: number;
  readonly faults: Faults;
}

/** @throws the system's error, e.g. `EADDRINUSE` */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const relay = new TcpRelay(options);
  await relay.listen(options.port);
  return relay;
}

class TcpRelay implements Relay {
  readonly faults: FaultGate;
  readonly #options: RelayOptions;
  readonly #server: Server;
  /** Client sockets, each with its connection to the engine. */
  readonly #pairs = new Map<Socket, Socket>();
  #port = 0;
  #failing = { count: 0, message: '' };

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true, pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
      this.#accept(socket),
    );
    this.#server.on('error', () => {});
    const { host } = options;
    const port = (): number => this.#port;
    this.faults = new FaultGate({
      host,
      get port() {
        return port();
      },
      clients: () => [...this.#pairs.keys()].map((socket) => ({ socket })),
      stopListening: () => new Promise((resolve) => this.#server.close(() => resolve())),
      listenAgain: () => this.listen(this.#port),
      failNext: (count, message) => this.#failNext(count, message),
      failing: () => this.#failing,
    });
  }

  get port(): number {
    return this.#port;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: this.#options.host, port, exclusive: true }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.faults[Symbol.asyncDispose]();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const [client, engine] of this.#pairs) {
      client.destroy();
      engine.destroy();
    }
    await closed;
  }

  #accept(client: Socket): void {
    const engine = connect({ ...this.#options.target, noDelay: true, allowHalfOpen: true });
    this.#pairs.set(client, engine);
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      one.on('error', () => {});
      one.on('end', () => other.end());
      one.on('close', () => {
        // A frozen client outlives its engine's side: it has to be thawed, and ended, like the others.
        if (one === client) this.#pairs.delete(client);
        other.destroySoon();
      });
      one.on('drain', () => other.resume());
    }
    let failer: Failer | undefined;
    client.on('data', (chunk: Buffer) => {
      if (this.#failing.count > 0) failer ??= this.#options.failer?.();
      const taken = failer ? this.#take(failer, client, chunk) : [chunk];
      if (!failer?.inside && this.#failing.count === 0) failer = undefined;
      for (const part of taken) if (!engine.write(part)) client.pause();
    });
    engine.on('data', (chunk: Buffer) => {
      if (!client.write(chunk)) engine.pause();
    });
    client.resume();
    this.faults.accepted({ socket: client });
  }

  #failNext(count: number, message: string): void {
    if (count > 0 && !this.#options.failer)
      throw new FaultUnknown(
        'its requests cannot be told apart here; drop-connections, down and freeze break them as well',
      );
    this.#failing = { count, message };
  }

  /** @returns what goes on to the engine */
  #take(failer: Failer, client: Socket, chunk: Buffer): readonly Buffer[] {
    const taken = failer.take(chunk, () => this.#nextFailure());
    if (!taken) {
      // TLS, or no protocol of this engine: it fails all the same, though not in its own words.
      this.#nextFailure();
      client.resetAndDestroy();
      return [];
    }
    for (const answer of taken.toClient) client.write(answer);
    return taken.toEngine;
  }

  #nextFailure(): string | undefined {
    const { count, message } = this.#failing;
    if (count === 0) return undefined;
    this.#failing = { count: count - 1, message };
    return message;
  }
}
