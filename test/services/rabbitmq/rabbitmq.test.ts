import { expect, test } from 'vitest';
import { rabbitmq } from '../../../services/rabbitmq/index.ts';
import { until } from '../../helpers/alive.ts';
import { missingEngines, serviceContext, startService } from '../helpers.ts';
import { AmqpChannel } from './amqp.ts';

const LONG_MS = 240_000;
const BACK_MS = 90_000;
const QUEUE = 'probe';
const missing = await missingEngines();

test.skipIf(missing.has('rabbitmq'))(
  'a durable message outlives the broker, killed; a wrong password is refused; a reset empties it',
  { timeout: LONG_MS },
  async () => {
    const context = serviceContext(rabbitmq);
    const instance = await startService(rabbitmq, context);
    const { endpoint } = instance;
    const { signal } = new AbortController();
    await expect(rabbitmq.external!.check(endpoint, signal)).resolves.toMatch(/^RabbitMQ \d/);
    await expect(rabbitmq.external!.check({ ...endpoint, password: 'wrong' }, signal)).rejects.toMatchObject({
      name: 'LoginRefused',
    });
    {
      using channel = await AmqpChannel.open(endpoint, QUEUE);
      await channel.publish(QUEUE, 'kept');
    }
    expect(await instance.stats()).toEqual({ queues: 1, messages: 1 });
    const first = instance.pid!;
    process.kill(first, 'SIGKILL');
    await until('it to be back', () => context.lines.some((line) => line.includes('is back on port')), {
      boundMs: BACK_MS,
      state: () => context.lines,
    });
    {
      using channel = await AmqpChannel.open(endpoint, QUEUE);
      expect(await channel.get(QUEUE)).toBe('kept');
      expect(await channel.get(QUEUE)).toBeUndefined();
    }
    await instance.reset();
    expect(await instance.stats()).toEqual({ queues: 0, messages: 0 });
  },
);
