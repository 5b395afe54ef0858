/** As much of Redis' protocol as it takes to log in and send commands. */
import { LoginRefused, Wire, type WireOptions } from '../kit/wire.ts';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  /** Empty: the default user. */
  readonly user: string;
  readonly password: string;
  readonly tls?: boolean;
}

export type Reply = string | number | null | Buffer | readonly Reply[];

const SESSION_MS = 10_000;
/** How deep lists may stand in lists: an honest answer has two or three levels. */
const MAX_DEPTH = 16;

export class RedisClient implements Disposable {
  readonly #wire: Wire;

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** @throws LoginRefused; Error where there is no server, or it still reads its data */
  static async connect(
    address: RedisAddress,
    options: Pick<WireOptions, 'signal' | 'maxBytes'> & { readonly timeoutMs?: number } = {},
  ): Promise<RedisClient> {
    const { host, port, user, password, tls } = address;
    const wire = await Wire.open({ host, port, timeoutMs: SESSION_MS, ...options });
    try {
      if (tls) await wire.secure({ verify: true });
      const client = new RedisClient(wire);
      if (password !== '') {
        await client.call('AUTH', ...(user === '' ? [] : [user]), password).catch((error: Error) => {
          throw /^(WRONGPASS|NOAUTH|ERR)/.test(error.message) ? new LoginRefused(error.message) : error;
        });
      }
      await client.call('PING').catch((error: Error) => {
        throw error.message.startsWith('NOAUTH') ? new LoginRefused(error.message) : error;
      });
      return client;
    } catch (error) {
      wire[Symbol.dispose]();
      throw error;
    }
  }

  /** @throws Error with what the server said */
  async call(...words: readonly string[]): Promise<Reply> {
    return texts(await this.callBytes(...words));
  }

  /** The same, with its strings as bytes. */
  async callBytes(...words: readonly (string | Buffer)[]): Promise<Reply> {
    const parts = words.flatMap((word) => [
      Buffer.from(`$${Buffer.byteLength(word)}\r\n`),
      Buffer.from(word),
      Buffer.from('\r\n'),
    ]);
    this.#wire.write(Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]));
    return this.#reply();
  }

  [Symbol.dispose](): void {
    this.#wire[Symbol.dispose]();
  }

  async #reply(depth = 0): Promise<Reply> {
    const line = await this.#wire.readLine();
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return rest;
      case ':':
        return Number(rest);
      case '-':
        throw new Error(rest);
      case '$': {
        if (rest === '-1') return null;
        const bytes = await this.#wire.read(Number(rest) + 2);
        return Buffer.from(bytes.subarray(0, -2));
      }
      case '*': {
        if (depth === MAX_DEPTH) throw new Error('its answer is a list in a list, without end');
        const items: Reply[] = [];
        for (let index = 0; index < Number(rest); index++) items.push(await this.#reply(depth + 1));
        return items;
      }
      default:
        throw new Error('it does not speak the Redis protocol');
    }
  }
}

function texts(reply: Reply): Reply {
  if (Buffer.isBuffer(reply)) return reply.toString('utf8');
  return Array.isArray(reply) ? (reply as readonly Reply[]).map(texts) : reply;
}
