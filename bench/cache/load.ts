/**
 * The project's own load generator, for machines without a C compiler. Takes mcload's arguments and prints its JSON.
 * It is slower than the servers it measures where requests are pipelined: such ratios then come out too close to 1.
 */
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { createHistogram } from 'node:perf_hooks';
import { answerEnds, requestMaker, type Protocol } from './requests.ts';

const NUMBERS = {
  p: '11211',
  c: '1',
  d: '1',
  t: '1',
  w: '0',
  k: '100000',
  v: '100',
  r: '0.9',
  m: '1',
  R: '0',
};
const FILL_DEPTH = 64;

const { values } = parseArgs({
  options: {
    ...Object.fromEntries(
      Object.entries(NUMBERS).map(([short, value]) => [
        short === 'R' ? 'rate' : `_${short}`,
        { type: 'string', short, default: value } as const,
      ]),
    ),
    protocol: { type: 'string', short: 'P', default: 'text' },
    fill: { type: 'boolean', short: 'F', default: false },
    nofill: { type: 'boolean', short: 'n', default: false },
    json: { type: 'boolean', short: 'j', default: false },
  },
});
const number = (name: keyof typeof NUMBERS): number =>
  Number((values as Record<string, unknown>)[name === 'R' ? 'rate' : `_${name}`]);

const protocol = values.protocol as Protocol;
const requests = requestMaker({
  protocol,
  keys: number('k'),
  valueBytes: number('v'),
  getShare: number('r'),
  keysPerGet: number('m'),
});

/** One connection: `ask` writes requests at once, and calls back when all of them are answered. */
class Client {
  readonly #socket: Socket;
  readonly #count = answerEnds(protocol);
  #missing = 0;
  #done: () => void = () => {};

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => {
      this.#missing -= this.#count(chunk);
      if (this.#missing === 0) this.#done();
    });
    this.#socket.on('close', () => {
      if (this.#missing > 0) throw new Error('The server closed a connection');
    });
  }

  get idle(): boolean {
    return this.#missing === 0;
  }

  ask(batch: Buffer, count: number, done: () => void): void {
    this.#missing = count;
    this.#done = done;
    this.#socket.write(batch);
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function fill(): Promise<void> {
  const client = new Client(number('p'));
  const depth = number('v') > 16_384 ? 1 : FILL_DEPTH;
  for (let key = 0; key < number('k'); key += depth) {
    const count = Math.min(depth, number('k') - key);
    const sets = Array.from({ length: count }, (_, at) => requests.set(key + at));
    await new Promise<void>((resolve) => client.ask(Buffer.concat(sets), count, resolve));
  }
  client.close();
}

async function measure(): Promise<void> {
  const clients = Array.from({ length: number('c') }, () => new Client(number('p')));
  const depth = number('d');
  const waiting = createHistogram();
  const began = performance.now() + number('w') * 1000;
  const ends = began + number('t') * 1000;
  let answered = 0;
  const record = (since: number): void => {
    const now = performance.now();
    if (now < began || now > ends) return;
    answered += depth;
    waiting.record(Math.max(1, Math.round((now - since) * 1000)));
  };
  const over = (): boolean => performance.now() >= ends;
  const cpu = process.cpuUsage();
  if (number('R') > 0) {
    await atRate(clients, number('R'), over, record);
  } else {
    await Promise.all(
      clients.map(
        (client) =>
          new Promise<void>((resolve) => {
            const next = (): void => {
              if (over()) return resolve();
              const since = performance.now();
              const batch = Buffer.concat(Array.from({ length: depth }, () => requests.next()));
              client.ask(batch, depth, () => {
                record(since);
                next();
              });
            };
            next();
          }),
      ),
    );
  }
  for (const client of clients) client.close();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = number('t');
  console.log(
    JSON.stringify({
      ops: answered / seconds,
      p50us: waiting.percentile(50),
      p99us: waiting.percentile(99),
      errs: 0,
      misses: 0,
      clicpu: (user + system) / 1e6 / (seconds + number('w')),
    }),
  );
}

/** Sends by the clock, whether answers come or not; waiting counts from when a request was due. */
async function atRate(
  clients: readonly Client[],
  rate: number,
  over: () => boolean,
  record: (since: number) => void,
): Promise<void> {
  const gap = 1000 / rate;
  let due = performance.now();
  let turn = 0;
  while (!over()) {
    for (let tried = 0; due <= performance.now() && tried < clients.length; tried++) {
      const client = clients[turn++ % clients.length]!;
      if (!client.idle) continue;
      const since = due;
      client.ask(requests.next(), 1, () => record(since));
      due += gap;
      tried = -1;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

await (values.fill ? fill() : measure());
