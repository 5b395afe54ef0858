/**
 * The `steered` fixture from the test's side: every run of it connects back, tells what happens to it and does
 * as it is told. So a test decides when an app listens, prints or dies, and nothing is timed.
 */
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { deferred, type Deferred } from '../../services/kit/deferred.ts';
import { tempDir } from './temp-dir.ts';

const BOUND_MS = 40_000;

type Event = { readonly event: string } & Readonly<Record<string, unknown>>;

/** One run of the program. */
export class SteeredRun {
  readonly pid: number;
  readonly port: number;
  /** Resolves when it is gone, or closed its connection. */
  readonly gone: Promise<void>;
  readonly #socket: Socket;
  readonly #events: Event[] = [];
  #wanted: { readonly matches: (event: Event) => boolean; readonly found: Deferred<Event> } | undefined;

  constructor(socket: Socket, started: Event, gone: Promise<void>) {
    this.#socket = socket;
    this.pid = Number(started['pid']);
    this.port = Number(started['port']);
    this.gone = gone;
  }

  heard(event: Event): void {
    if (this.#wanted?.matches(event)) this.#wanted.found.resolve(event);
    else this.#events.push(event);
  }

  exit(code: number): Promise<void> {
    this.#order({ do: 'exit', code });
    return this.gone;
  }

  die(signal: NodeJS.Signals): Promise<void> {
    this.#order({ do: 'die', signal });
    return this.gone;
  }

  async print(text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    this.#order({ do: 'print', text, stream });
    await this.#expect('printed');
  }

  /** From now on the signal is told of by `received` and does nothing else. */
  async hear(signal: NodeJS.Signals): Promise<void> {
    this.#order({ do: 'hear', signal });
    await this.#expect('hearing');
  }

  async received(signal: NodeJS.Signals): Promise<void> {
    await this.#expect('signal', (event) => event['signal'] === signal);
  }

  async listen(options: { port?: number; host?: string; status?: number } = {}): Promise<number> {
    this.#order({ do: 'listen', ...options });
    return Number((await this.#expect('listening'))['port']);
  }

  async spawn(options: { detached?: boolean } = {}): Promise<number> {
    this.#order({ do: 'spawn', ...options });
    return Number((await this.#expect('spawned'))['pid']);
  }

  #order(order: Record<string, unknown>): void {
    this.#socket.write(`${JSON.stringify(order)}\n`);
  }

  async #expect(name: string, more: (event: Event) => boolean = () => true): Promise<Event> {
    const matches = (event: Event): boolean => event.event === name && more(event);
    const index = this.#events.findIndex(matches);
    if (index >= 0) return this.#events.splice(index, 1)[0]!;
    const found = deferred<Event>();
    this.#wanted = { matches, found };
    try {
      return await bounded(
        found.promise,
        () => `"${name}" of a steered app; heard: ${JSON.stringify(this.#events)}`,
      );
    } finally {
      this.#wanted = undefined;
    }
  }
}

export interface Steering {
  /** The value of STEER_SOCKET. */
  readonly socket: string;
  /** The next run that connects. */
  next(): Promise<SteeredRun>;
}

/** Waits for steered apps until the test is over. */
export async function steering(): Promise<Steering> {
  const socketPath = join(tempDir(), 'steer.sock');
  const arrived: SteeredRun[] = [];
  const waiting: Deferred<SteeredRun>[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const gone = deferred();
    let run: SteeredRun | undefined;
    sockets.add(socket);
    socket.on('error', () => {}); // killed in the middle of a line: `close` tells
    socket.once('close', () => {
      sockets.delete(socket);
      gone.resolve();
    });
    createInterface({ input: socket }).on('line', (line) => {
      const event = JSON.parse(line) as Event;
      if (run) return run.heard(event);
      run = new SteeredRun(socket, event, gone.promise);
      const waiter = waiting.shift();
      if (waiter) waiter.resolve(run);
      else arrived.push(run);
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    socket: socketPath,
    next: () => {
      const run = arrived.shift();
      if (run) return Promise.resolve(run);
      const waiter = deferred<SteeredRun>();
      waiting.push(waiter);
      return bounded(waiter.promise, () => 'a steered app to connect');
    },
  };
}

async function bounded<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${BOUND_MS} ms for ${what()}`)), BOUND_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
