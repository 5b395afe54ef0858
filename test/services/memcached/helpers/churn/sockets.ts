/** An episode over real sockets: how they come and go is the system's, so a seed gives the same load, not the same steps. */
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { Cache } from '../../../../../services/memcached/cache.ts';
import { CacheSockets } from '../../../../../services/memcached/server/cache-sockets.ts';
import { ChurnClient } from './client.ts';
import { History } from './history.ts';
import { assertNothingKept } from './nothing-kept.ts';
import { loadOf } from './load.ts';
import { Random } from '../random.ts';
import type { ChurnLoad } from './client.ts';
import type { Protocol } from './answers.ts';

/** Bytes of requests that may wait to be sent. */
const UNSENT_MOST = 4 * 1024 * 1024;
const OPEN_MOST = 8;

/** One client with its socket, which now and then stops reading. */
class SocketClient {
  readonly client: ChurnClient;
  readonly #socket: Socket;
  #failure: unknown;

  constructor(socket: Socket, client: ChurnClient) {
    this.client = client;
    this.#socket = socket;
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was ended')));
    socket.on('data', (bytes: Buffer) => {
      try {
        client.take(bytes);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  /** Does one thing at random. @throws what went wrong since */
  act(random: Random): void {
    const action = random.below(8);
    if (action < 3) this.#ask();
    else if (action < 5) this.#socket.pause();
    else if (action < 7) this.#socket.resume();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Reads what is left. @returns whether all is answered. @throws what went wrong */
  settle(): boolean {
    this.#socket.resume();
    if (this.#failure !== undefined) throw this.#failure;
    return this.client.open === 0;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #ask(): void {
    if (this.client.open >= OPEN_MOST || this.#socket.writableLength > UNSENT_MOST) return;
    this.#socket.write(this.client.ask());
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }
}

export interface SocketLoad {
  readonly load: ChurnLoad;
  readonly protocols: readonly Protocol[];
}

/**
 * The same as without sockets, with a cache of our own.
 * @param readIntoArena false serves with documented means of Node only
 * @param path of a unix socket to use instead of TCP
 * @throws Error if an answer is wrong, missing or out of order, or if memory is lost
 */
export async function socketEpisode(
  seed: number,
  actions: number,
  { readIntoArena, path }: { readonly readIntoArena: boolean; readonly path?: string },
): Promise<number> {
  const { load, settings, protocols } = loadOf(new Random(seed));
  const cache = new Cache({ seed, settings });
  const sockets = new CacheSockets(cache, readIntoArena);
  const bound = await sockets.open({
    tcp: path === undefined ? [{ host: '127.0.0.1', port: 0 }] : [],
    udp: [],
    ...(path === undefined ? {} : { unix: { path, mask: 0o700 } }),
  });
  let hits: number;
  try {
    const to = path === undefined ? { host: '127.0.0.1', port: bound.tcp[0]! } : { path };
    hits = await churn(to, seed, { load, protocols }, actions);
  } finally {
    await sockets.close();
  }
  assertNothingKept(cache);
  return hits;
}

/**
 * Has many clients ask a server for the same keys and change them.
 * @param actions how much is done by all clients together
 * @returns how many values came back
 * @throws Error if an answer is wrong, missing or out of order
 */
export async function churn(
  to: NetConnectOpts,
  seed: number,
  { load, protocols }: SocketLoad,
  actions: number,
): Promise<number> {
  const random = new Random(seed);
  const history = new History();
  const clients: SocketClient[] = [];
  try {
    for (const protocol of protocols) {
      const socket = connect(to);
      await once(socket, 'connect');
      clients.push(new SocketClient(socket, new ChurnClient(protocol, history, random, load)));
    }
    for (let action = 0; action < actions; action++) {
      random.pick(clients).act(random);
      if (random.once(4)) await turn();
    }
    // In turns, so that some still do not read while others do.
    for (const client of clients) while (!client.settle()) await turn();
    for (const { client } of clients) client.assertAnswered();
    return clients.reduce((sum, { client }) => sum + client.hits, 0);
  } finally {
    for (const client of clients) client.destroy();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
