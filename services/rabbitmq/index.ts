/** RabbitMQ: a broker of its own for each service instance, as `rabbitmq` and `rabbitmq3`. */
import { randomUUID } from 'node:crypto';
import { describeEngine } from '../kit/choose-engine.ts';
import type { ServiceContext, ServiceInstance, ServiceType } from '../kit/contract.ts';
import { reportEngines } from '../kit/engine.ts';
import { uriOf } from '../kit/external.ts';
import { noOptions } from '../kit/options.ts';
import { bind, GENERATIONS, type Generation } from './bind.ts';
import { AmqpClient } from './amqp.ts';
import { copyBroker } from './copy.ts';
import { emptyBroker } from './reset.ts';
import { RABBITMQ, startBroker } from './server.ts';

export const rabbitmq = ofGeneration('rabbitmq');
export const rabbitmq3 = ofGeneration('rabbitmq3');

function ofGeneration(generation: Generation): ServiceType<undefined> {
  return {
    type: generation,
    versions: GENERATIONS[generation],
    summary: 'RabbitMQ message broker, on the server installed here',
    readOptions: noOptions,
    mint: () => ({ user: randomUUID(), password: randomUUID(), name: randomUUID() }),
    engines: (where) => reportEngines(RABBITMQ, where),
    start,
    bind: (endpoint, dialect) => bind(generation, endpoint, dialect),
    external: {
      schemes: ['amqp', 'amqps'],
      defaultPort: 5672,
      check: async (endpoint, signal) => {
        const { host, port, user, password, name } = endpoint;
        const tls = uriOf(endpoint)?.startsWith('amqps:') === true;
        const login = user === '' ? { user: 'guest', password: 'guest' } : { user, password };
        const address = { host, port, ...login, vhost: name === '' ? '/' : name, tls };
        using client = await AmqpClient.connect(address, { signal });
        return client.product;
      },
    },
  };
}

async function start(_: undefined, context: ServiceContext): Promise<ServiceInstance> {
  const { host, user, password, name } = context;
  const broker = await startBroker(context);
  const { program, engine, control } = broker;
  context.log(`listening on ${host}:${program.port}`);
  return {
    endpoint: { host, port: program.port, user, password, name },
    engine: describeEngine(RABBITMQ.product, engine, context),
    failed: program.failed,
    get pid() {
      return program.pid!;
    },
    stats: async () => {
      const answer = await control(['-q', 'list_queues', '-p', name, 'messages', '--no-table-headers']);
      const queues = answer.split('\n').filter((line) => /^\d+$/.test(line));
      return { queues: queues.length, messages: queues.reduce((sum, count) => sum + Number(count), 0) };
    },
    reset: () => emptyBroker(broker),
    copy: () => copyBroker(broker),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
