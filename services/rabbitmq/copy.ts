/**
 * What a broker's virtual host holds: its queues, exchanges and bindings as the broker writes them down, and the
 * messages of its queues in our memory. Put back without cutting a connection; consumers that are there get what comes
 * back at once. Messages keep their properties, and come back from their queue's name, not from the exchange that once
 * brought them. Streams, and queues that belong to one connection, are left alone.
 */
import type { ContentCopy } from '../kit/contract.ts';
import type { Json } from '../kit/json.ts';
import { AmqpClient, type Message } from './amqp.ts';
import { octets, shortString, table } from './fields.ts';
import type { Broker } from './server.ts';

interface Definition {
  readonly name: string;
  readonly vhost: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly arguments: Readonly<Record<string, Json>>;
}

interface Exchange extends Definition {
  readonly type: string;
  readonly internal: boolean;
}

interface BoundTo {
  readonly vhost: string;
  readonly source: string;
  readonly destination: string;
  readonly destination_type: 'queue' | 'exchange';
  readonly routing_key: string;
  readonly arguments: Readonly<Record<string, Json>>;
}

interface Definitions {
  readonly queues: readonly Definition[];
  readonly exchanges: readonly Exchange[];
  readonly bindings: readonly BoundTo[];
}

const COPY_MS = 60_000;

export async function copyBroker(broker: Broker): Promise<ContentCopy> {
  const definitions = await readDefinitions(broker);
  let messages: (readonly [queue: string, messages: readonly Message[]])[] = [];
  {
    using client = await connect(broker);
    for (const { name } of definitions.queues) messages.push([name, await all(client, name)]);
  }
  return {
    restore: () => restore(broker, definitions, messages),
    [Symbol.asyncDispose]: async () => void (messages = []),
  };
}

async function restore(
  broker: Broker,
  { queues, exchanges, bindings }: Definitions,
  messages: readonly (readonly [queue: string, messages: readonly Message[]])[],
): Promise<void> {
  const now = await readDefinitions(broker);
  const names = (definitions: readonly Definition[]) => new Set(definitions.map(({ name }) => name));
  const kept = { queues: names(queues), exchanges: names(exchanges) };
  using client = await connect(broker);
  for (const { name } of now.queues)
    await (kept.queues.has(name) ? purge(client, name) : remove(client, 'queue', name));
  for (const { name } of now.exchanges) if (!kept.exchanges.has(name)) await remove(client, 'exchange', name);
  for (const binding of now.bindings) {
    if (!bindings.some((each) => sameBinding(each, binding))) await bind(client, binding, 'undo');
  }
  const there = { queues: names(now.queues), exchanges: names(now.exchanges) };
  for (const queue of queues) if (!there.queues.has(queue.name)) await declareQueue(client, queue);
  for (const exchange of exchanges)
    if (!there.exchanges.has(exchange.name)) await declareExchange(client, exchange);
  for (const binding of bindings) await bind(client, binding);
  for (const [queue, kept] of messages) if (kept.length > 0) await client.publish(queue, kept);
}

async function connect({ address }: Broker): Promise<AmqpClient> {
  const client = await AmqpClient.connect(address, { maxBytes: Infinity, timeoutMs: COPY_MS });
  await client.openChannel();
  return client;
}

/** Of the app's virtual host, without what the broker makes by itself. */
async function readDefinitions({ control, address }: Broker): Promise<Definitions> {
  const text = await control(['-q', 'export_definitions', '-']);
  // A broker may have something to say before it.
  const { queues, exchanges, bindings } = JSON.parse(text.slice(text.indexOf('{'))) as Definitions;
  const ours = <T extends { readonly vhost: string }>(all: readonly T[]): readonly T[] =>
    all.filter(({ vhost }) => vhost === address.vhost);
  return {
    queues: ours(queues).filter((queue) => queue.arguments['x-queue-type'] !== 'stream'),
    exchanges: ours(exchanges).filter(({ name }) => name !== '' && !name.startsWith('amq.')),
    bindings: ours(bindings).filter(({ source }) => source !== ''),
  };
}

async function all(client: AmqpClient, queue: string): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const message = await client.get(queue, 'keep');
    if (!message) break;
    messages.push(message);
  }
  // They were only looked at.
  if (messages.length > 0) await client.putBack(queue);
  return messages;
}

const RESERVED = octets(0, 0);

const purge = (client: AmqpClient, name: string) =>
  client.call([50, 30], [50, 31], RESERVED, shortString(name), octets(0));

const remove = (client: AmqpClient, what: 'queue' | 'exchange', name: string) =>
  what === 'queue'
    ? client.call([50, 40], [50, 41], RESERVED, shortString(name), octets(0))
    : client.call([40, 20], [40, 21], RESERVED, shortString(name), octets(0));

function declareQueue(client: AmqpClient, queue: Definition): Promise<Buffer> {
  const flags = (queue.durable ? 2 : 0) | (queue.auto_delete ? 8 : 0);
  return client.call(
    [50, 10],
    [50, 11],
    RESERVED,
    shortString(queue.name),
    octets(flags),
    table(queue.arguments),
  );
}

function declareExchange(client: AmqpClient, exchange: Exchange): Promise<Buffer> {
  const { name, type, durable, auto_delete: ends, internal } = exchange;
  const flags = (durable ? 2 : 0) | (ends ? 4 : 0) | (internal ? 8 : 0);
  const parts = [shortString(name), shortString(type), octets(flags), table(exchange.arguments)];
  return client.call([40, 10], [40, 11], RESERVED, ...parts);
}

/** Binding anew what is bound already changes nothing. */
function bind(client: AmqpClient, binding: BoundTo, undo?: 'undo'): Promise<Buffer> {
  const { source, destination, routing_key: key } = binding;
  const toQueue = binding.destination_type === 'queue';
  const parts = [shortString(destination), shortString(source), shortString(key)];
  const rest = table(binding.arguments);
  // To undo one for a queue there is nothing to be said about waiting.
  if (toQueue && undo) return client.call([50, 50], [50, 51], RESERVED, ...parts, rest);
  if (toQueue) return client.call([50, 20], [50, 21], RESERVED, ...parts, octets(0), rest);
  return undo
    ? client.call([40, 40], [40, 51], RESERVED, ...parts, octets(0), rest)
    : client.call([40, 30], [40, 31], RESERVED, ...parts, octets(0), rest);
}

function sameBinding(a: BoundTo, b: BoundTo): boolean {
  const keys = ['source', 'destination', 'destination_type', 'routing_key'] as const;
  return (
    keys.every((key) => a[key] === b[key]) && JSON.stringify(a.arguments) === JSON.stringify(b.arguments)
  );
}
