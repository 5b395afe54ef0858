import type { Binding, Dialect, Endpoint } from '../kit/contract.ts';
import { authority, uriOf } from '../kit/external.ts';
import { offering } from '../kit/offering.ts';

/** The platform had two generations of it, as two types. */
export const GENERATIONS = { rabbitmq: ['2.4'], rabbitmq3: ['3.1'] } as const;
export type Generation = keyof typeof GENERATIONS;

/** What an app sees of a broker it is bound to. `name` is its virtual host's too. */
export function bind(generation: Generation, endpoint: Endpoint, dialect: Dialect): Binding {
  const { host, port, user, password, name } = endpoint;
  const uri = uriOf(endpoint) ?? `amqp://${authority(endpoint)}/${encodeURIComponent(name)}`;
  const head = offering(dialect, generation, GENERATIONS[generation].at(-1)!, ['message-queue', 'amqp']);
  if (dialect === 'stackato') {
    return {
      ...head,
      credentials: {
        name,
        hostname: host,
        host,
        port,
        vhost: name,
        username: user,
        user,
        password,
        pass: password,
      },
      url: { variable: 'RABBITMQ_URL', aliases: [], value: uri },
    };
  }
  return {
    ...head,
    credentials: {
      name,
      hostname: host,
      host,
      port,
      vhost: name,
      virtual_host: name,
      username: user,
      user,
      password,
      uri,
      uris: [uri],
    },
  };
}
