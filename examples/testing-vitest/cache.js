// A memcached client of one connection, in the text protocol: `get` and `set`, each within a second.
import { connect } from 'node:net';

const TIMEOUT_MS = 1000;

export class Cache {
  #address;
  #socket;
  #last = Promise.resolve();

  /** @param address `host:port`, as `MEMCACHE_URL` has it */
  constructor(address) {
    const [host, port] = address.split(':');
    this.#address = { host, port: Number(port) };
  }

  /** @returns the text, or undefined for a miss */
  async get(key) {
    const answer = await this.#ask(`get ${key}\r\n`, (text) => text.endsWith('END\r\n'));
    return answer.startsWith('VALUE') ? answer.split('\r\n')[1] : undefined;
  }

  async set(key, value, ttlSeconds) {
    await this.#ask(`set ${key} 0 ${ttlSeconds} ${Buffer.byteLength(value)}\r\n${value}\r\n`, (text) =>
      text.endsWith('\r\n'),
    );
  }

  #forget(socket) {
    if (this.#socket === socket) this.#socket = undefined;
  }

  /** One after the other: answers come in the order of the questions. */
  #ask(command, isWhole) {
    const answer = this.#last.then(() => this.#exchange(command, isWhole));
    this.#last = answer.catch(() => {});
    return answer;
  }

  #exchange(command, isWhole) {
    return new Promise((resolve, reject) => {
      const socket = (this.#socket ??= connect(this.#address));
      let text = '';
      const end = (settle, keep) => {
        socket.removeAllListeners();
        socket.setTimeout(0);
        // Kept or not, it may break at any time.
        socket.on('error', () => {});
        socket.on('close', () => this.#forget(socket));
        if (!keep) {
          socket.destroy();
          this.#forget(socket);
        }
        settle();
      };
      socket.setTimeout(TIMEOUT_MS, () => end(() => reject(new Error('the cache does not answer')), false));
      socket.on('error', (error) => end(() => reject(error), false));
      socket.on('close', () => end(() => reject(new Error('the cache hung up')), false));
      socket.on('data', (chunk) => {
        text += chunk;
        if (/^(SERVER_|CLIENT_)?ERROR/.test(text)) end(() => reject(new Error(text.trim())), true);
        else if (isWhole(text)) end(() => resolve(text), true);
      });
      socket.write(command);
    });
  }
}
