import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { allocatePort, isFree } from '../../../runtime/ports/allocate.ts';
import { FIRST_PORT, LAST_PORT } from '../../../services/kit/ports.ts';

function listen(host: string, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer();
    onTestFinished(() => void server.close());
    server.once('error', reject);
    server.listen({ host, port }, () => resolve((server.address() as { port: number }).port));
  });
}

test('takes the preferred port while it is free', async () => {
  const preferred = await allocatePort();
  expect(await allocatePort({ preferred })).toBe(preferred);
  expect(await allocatePort({ preferred })).toBe(preferred);
});

test.each(['127.0.0.1', '::1', '0.0.0.0', '::'])(
  'takes another when somebody listens on %s',
  async (host) => {
    const preferred = await listen(host);
    expect(await isFree(preferred)).toBe(false);
    const port = await allocatePort({ preferred });
    expect(port).not.toBe(preferred);
    expect(port).toBeGreaterThanOrEqual(FIRST_PORT);
    expect(port).toBeLessThanOrEqual(LAST_PORT);
  },
);

test('takes another when the preferred one is promised', async () => {
  const preferred = await allocatePort();
  expect(await allocatePort({ preferred, taken: new Set([preferred]) })).not.toBe(preferred);
});

test('takes another when the preferred one is not for us', async () => {
  expect(await allocatePort({ preferred: 70_000 })).toBeLessThanOrEqual(LAST_PORT);
});

test('what it gives can be listened on', async () => {
  const port = await allocatePort();
  expect(await listen('127.0.0.1', port)).toBe(port);
});

test('gives many askers at the same moment a port each', async () => {
  const ports = await Promise.all(Array.from({ length: 100 }, () => allocatePort()));
  expect(new Set(ports).size).toBe(100);
});

test('says when there is none', async () => {
  const all = new Set(Array.from({ length: LAST_PORT - FIRST_PORT + 1 }, (_, index) => FIRST_PORT + index));
  await expect(allocatePort({ taken: all })).rejects.toMatchObject({ code: 'PORTS_EXHAUSTED' });
});

test('can be cut short', async () => {
  await expect(allocatePort({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});

test('what one process has chosen no other chooses, and its end lets it go', async () => {
  const port = await allocatePort();
  const lease = new URL('../../../services/kit/port-lease.ts', import.meta.url).href;
  const ask = () =>
    execFileSync(
      process.execPath,
      [
        '--import',
        'tsx',
        '-e',
        `import(${JSON.stringify(lease)}).then(async ({ takeLease }) => {
          console.log((await takeLease(${port})) ? 'free' : 'taken', (await takeLease(${port + 10_000})) ? 'free' : 'taken');
        });`,
      ],
      { encoding: 'utf8' },
    );
  expect(ask()).toBe('taken free\n');
  // The first of these has ended, and with it its lease.
  expect(ask()).toBe('taken free\n');
});
