import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../services/kit/contract.ts';
import { AmqpClient } from '../../../services/rabbitmq/amqp.ts';
import { longString, octets, shortString, table } from '../../../services/rabbitmq/fields.ts';
import { rabbitmq } from '../../../services/rabbitmq/index.ts';
import { until } from '../../helpers/alive.ts';
import { missingEngines, serviceContext, startService } from '../helpers.ts';

const LONG_MS = 300_000;
const BACK_MS = 90_000;
const QUEUE = 'probe';
const missing = await missingEngines();

const address = ({ host, port, user, password, name }: Endpoint) => ({
  host,
  port,
  user,
  password,
  vhost: name,
});

async function open(endpoint: Endpoint): Promise<AmqpClient> {
  const client = await AmqpClient.connect(address(endpoint), { timeoutMs: LONG_MS });
  await client.openChannel();
  return client;
}

const declare = (client: AmqpClient, name: string, args: Parameters<typeof table>[0] = {}) =>
  client.call([50, 10], [50, 11], octets(0, 0), shortString(name), octets(2), table(args));

/** Persistent, with a content type and a header. */
const message = (text: string) => ({
  properties: Buffer.concat([
    octets(0b1011_0000, 0),
    shortString('text/plain'),
    table({ kind: 'probe', number: 5 }),
    octets(2),
  ]),
  body: Buffer.from(text),
});

const texts = async (client: AmqpClient, queue: string): Promise<string[]> => {
  const found: string[] = [];
  for (;;) {
    const next = await client.get(queue);
    if (!next) return found;
    expect(next.properties.includes('text/plain')).toBe(true);
    found.push(next.body.toString());
  }
};

describe.skipIf(missing.has('rabbitmq'))('a broker', { timeout: LONG_MS }, () => {
  test('killed, emptied, copied, logged in to: all in one life, since it takes 8 s to start', async () => {
    const context = serviceContext(rabbitmq);
    const instance = await startService(rabbitmq, context);
    const { endpoint } = instance;
    const { signal } = new AbortController();
    await expect(rabbitmq.external!.check(endpoint, signal)).resolves.toMatch(/^RabbitMQ \d/);
    await expect(rabbitmq.external!.check({ ...endpoint, password: 'wrong' }, signal)).rejects.toMatchObject({
      name: 'LoginRefused',
    });
    {
      using client = await open(endpoint);
      await declare(client, QUEUE);
      await client.publish(QUEUE, [message('kept')]);
    }
    expect(await instance.stats()).toEqual({ queues: 1, messages: 1 });

    const first = instance.pid!;
    process.kill(first, 'SIGKILL');
    await until('it to be back', () => context.lines.some((line) => line.includes('is back on port')), {
      boundMs: BACK_MS,
      state: () => context.lines,
    });
    expect(context.lines.join('\n')).toContain('SIGKILL');

    // A client that stays connected through all of it.
    using app = await open(endpoint);
    expect(await texts(app, QUEUE)).toEqual(['kept']);
    await declare(app, 'dropped', { 'x-max-length': 10 });
    await app.call(
      [40, 10],
      [40, 11],
      octets(0, 0),
      shortString('orders'),
      shortString('topic'),
      octets(2),
      table({}),
    );
    const binding = [octets(0, 0), shortString(QUEUE), shortString('orders'), shortString('a.#')] as const;
    await app.call([50, 20], [50, 21], ...binding, octets(0), table({}));
    const large = 'x'.repeat(300_000);
    await app.publish(QUEUE, [message('one'), message(large)]);
    const copy = await instance.copy!();
    for (const _time of [1, 2]) {
      expect(await texts(app, QUEUE)).toEqual(['one', large]);
      await app.publish(QUEUE, [message('later')]);
      await declare(app, 'came-later');
      await app.call([50, 40], [50, 41], octets(0, 0), shortString('dropped'), octets(0));
      await app.call([50, 50], [50, 51], ...binding, table({}));
      await copy.restore();
      expect(await instance.stats()).toEqual({ queues: 2, messages: 2 });
    }
    await declare(app, 'dropped', { 'x-max-length': 10 });
    // What is sent to the exchange finds its way again.
    await app.publish('a.b', [message('routed')], 'orders');
    expect(await texts(app, QUEUE)).toEqual(['one', large, 'routed']);
    await copy[Symbol.asyncDispose]();

    await instance.reset();
    expect(await instance.stats()).toEqual({ queues: 0, messages: 0 });
    await declare(app, 'after-the-reset');
    await app.publish('after-the-reset', [message('still connected')]);
    expect(await texts(app, 'after-the-reset')).toEqual(['still connected']);
  });
});

test.skipIf(missing.has('rabbitmq'))('data of another version is told and not touched', async () => {
  const context = serviceContext(rabbitmq);
  const file = join(context.dataDir, 'data/version');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'RabbitMQ 99.0.0\n');
  await expect(rabbitmq.start(undefined, context)).rejects.toMatchObject({
    code: 'SERVICE_DATA_VERSION',
    message: expect.stringContaining('its data was written by RabbitMQ 99.0.0'),
  });
  expect(readdirSync(context.dataDir, { recursive: true })).toEqual(['data', 'data/version']);
});

test('tables, as AMQP writes them', () => {
  expect(table({ a: true, n: 1, t: 'x', z: null }).toString('hex')).toBe(
    longString(
      Buffer.from(
        '0161' + '7401' + '016e' + '6c0000000000000001' + '0174' + '530000000178' + '017a' + '56',
        'hex',
      ),
    ).toString('hex'),
  );
});
