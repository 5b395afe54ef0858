import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { harbor, protocolsOf } from '../../../services/harbor/index.ts';
import { serviceContext, startService } from '../helpers.ts';

const HOST = '127.0.0.1';

test.each([
  ['game', ['tcp']],
  ['udp-game', ['udp']],
  ['udpgame', ['udp']],
  ['both-game', ['tcp', 'udp']],
  ['multi-game', ['tcp', 'udp']],
  ['game-https', ['tcp']],
])('%s by its name', (name, protocols) => {
  expect(protocolsOf(name)).toEqual(protocols);
});

const start = (serviceName: string) => startService(harbor, serviceContext(harbor, { serviceName }));
const innerPort = (details: object | undefined) => (details as { int_port: number }).int_port;

test('TCP: bytes go both ways, and the app reads on after the last word of its client', async () => {
  const { endpoint } = await start('game');
  const app = createServer({ allowHalfOpen: true }, (socket) => {
    let heard = '';
    socket.on('data', (chunk) => (heard += String(chunk)));
    socket.on('end', () => socket.end(`heard ${heard}`));
  });
  app.listen({ port: innerPort(endpoint.details), host: HOST });
  await once(app, 'listening');
  onTestFinished(() => void app.close());
  const client = connect({ port: endpoint.port, host: HOST, allowHalfOpen: true });
  client.end('x'.repeat(100_000));
  let answer = '';
  for await (const chunk of client) answer += String(chunk);
  expect(answer).toBe(`heard ${'x'.repeat(100_000)}`);
});

test('TCP: while no app listens, a client is told at once', async () => {
  const instance = await start('game');
  const client = connect({ port: instance.endpoint.port, host: HOST });
  client.resume();
  await once(client, 'close');
  expect(await instance.stats()).toMatchObject({ connections: 1, refused: 1 });
});

test('UDP: each client gets its own answers', async () => {
  const instance = await start('udp-game');
  const app = createSocket('udp4');
  app.on('message', (text, from) => app.send(`to ${String(text)}`, from.port, from.address));
  app.bind(innerPort(instance.endpoint.details), HOST);
  await once(app, 'listening');
  onTestFinished(() => void app.close());
  const answers = await Promise.all(
    ['a', 'b'].map(async (text) => {
      const client = createSocket('udp4');
      onTestFinished(() => void client.close());
      client.send(text, instance.endpoint.port, HOST);
      const [answer] = (await once(client, 'message')) as [Buffer];
      return String(answer);
    }),
  );
  expect(answers).toEqual(['to a', 'to b']);
});

test('both: one port for TCP and UDP, and the same inner port at the next start', async () => {
  const context = serviceContext(harbor, { serviceName: 'both-game' });
  const first = await harbor.start(undefined, context);
  await first[Symbol.asyncDispose]();
  const { port, details } = first.endpoint;
  const second = await startService(harbor, { ...context, port, ...(details ? { details } : {}) });
  expect(second.endpoint).toEqual(first.endpoint);
  const udp = createSocket('udp4');
  onTestFinished(() => void udp.close());
  udp.bind({ port, address: HOST, exclusive: true });
  const [error] = (await once(udp, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('EADDRINUSE');
  const tcp = createServer().listen({ port, host: HOST, exclusive: true });
  const [taken] = (await once(tcp, 'error')) as [NodeJS.ErrnoException];
  expect(taken.code).toBe('EADDRINUSE');
  expect((tcp.address() as AddressInfo | null)?.port).toBeUndefined();
});
