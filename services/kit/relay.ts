/** Stands on a service's port and passes everything on to the engine behind it, so that its clients can be disturbed. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Faults } from './faults.ts';
import { FaultGate } from './fault-gate.ts';

export interface RelayOptions {
  readonly host: string;
  /** To listen on; 0 for any free one. */
  readonly port: number;
  /** Where the engine listens. */
  readonly target: { readonly host: string; readonly port: number };
  /** The engine's own way to say that a request failed, for protocols we can answer in. */
  readonly refuse?: ((request: Buffer, message: string) => Buffer | undefined) | undefined;
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
      sockets: () => this.#pairs.keys(),
      stopListening: () => new Promise((resolve) => this.#server.close(() => resolve())),
      listenAgain: () => this.listen(this.#port),
      failNext: (count, message) => void (this.#failing = { count, message }),
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
        this.#pairs.delete(client);
        other.destroySoon();
      });
      one.on('drain', () => other.resume());
    }
    client.on('data', (chunk: Buffer) => {
      if (this.#failing.count > 0 && this.#fail(client, chunk)) return;
      if (!engine.write(chunk)) client.pause();
    });
    engine.on('data', (chunk: Buffer) => {
      if (!client.write(chunk)) engine.pause();
    });
    client.resume();
    this.faults.accepted(client);
  }

  #fail(client: Socket, chunk: Buffer): boolean {
    const { count, message } = this.#failing;
    this.#failing = { count: count - 1, message };
    const answer = this.#options.refuse?.(chunk, message);
    if (answer) client.write(answer);
    else client.resetAndDestroy();
    return true;
  }
}
