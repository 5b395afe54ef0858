import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startRelay } from '../../../services/kit/relay.ts';

test('a client that is frozen while its engine goes is let go by a thaw, and by the end of the relay', async () => {
  const engine = createServer();
  const accepted: Socket[] = [];
  engine.on('connection', (socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  engine.listen(0, '127.0.0.1');
  await once(engine, 'listening');
  const target = { host: '127.0.0.1', port: (engine.address() as AddressInfo).port };
  try {
    for (const thaw of [true, false]) {
      const relay = await startRelay({ host: '127.0.0.1', port: 0, target });
      const client = connect({ host: '127.0.0.1', port: relay.port });
      client.on('error', () => {});
      client.write('hello');
      await once(client, 'data');
      await relay.faults.apply({ kind: 'freeze' });
      const behind = accepted.at(-1)!;
      const gone = once(behind, 'close');
      behind.resetAndDestroy();
      await gone;
      // The relay has heard of it when it has passed on what came later.
      await reached(target.port);
      if (thaw) {
        const closed = once(client, 'close');
        await relay.faults.apply({ kind: 'up' });
        await closed;
      }
      await relay[Symbol.asyncDispose]();
      client.destroy();
    }
  } finally {
    engine.close();
  }
  expect(accepted).toHaveLength(4);
});

/** Connects, is answered, and goes: what the system had to say earlier has been said by then. */
async function reached(port: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write('x');
  await once(socket, 'data');
  socket.destroy();
}
