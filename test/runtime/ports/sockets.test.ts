import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeHolder, portHolder } from '../../../runtime/ports/holder.ts';
import { listeningPorts } from '../../../runtime/ports/listening.ts';
import { parseLsof, parseTcpTable } from '../../../runtime/ports/sockets.ts';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
import { startProcess } from '../../../services/kit/process.ts';
import { until } from '../../helpers/alive.ts';
import { PATH } from '../../helpers/fixture-app.ts';

function listen(host: string): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    onTestFinished(() => void server.close());
    server.listen({ host, port: 0 }, () => resolve((server.address() as { port: number }).port));
  });
}

describe('listening ports', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('are found on %s', async (host) => {
    const port = await listen(host);
    expect(listeningPorts([process.pid])).toContainEqual({ host, port, pid: process.pid });
  });

  test('of others are not ours', async () => {
    const port = await listen('127.0.0.1');
    expect(listeningPorts([1]).map((found) => found.port)).not.toContain(port);
    expect(listeningPorts([])).toEqual([]);
  });

  test('each is told once, in order', async () => {
    await Promise.all([listen('127.0.0.1'), listen('127.0.0.1')]);
    const ports = listeningPorts([process.pid, process.pid]).map(({ port }) => port);
    expect(ports).toEqual([...new Set(ports)].toSorted((a, b) => a - b));
  });
});

describe('who holds a port', () => {
  test('nobody', async () => {
    const port = await allocatePort();
    expect(portHolder(port)).toBeUndefined();
    expect(await describeHolder(port)).toBeUndefined();
  });

  test('another program, by its command line, made harmless and short', async () => {
    const port = await allocatePort();
    const script = `require('net').createServer().listen(${port}, '127.0.0.1')`;
    const holder = startProcess({
      file: process.execPath,
      args: ['-e', script, '\u001b[31mred\u0007', '\u202e', 'x'.repeat(200)],
      cwd: '/',
      env: { PATH },
    });
    onTestFinished(async () => void (await holder.kill()));
    const found = await until('the port to be held', () => portHolder(port));
    expect(found.pid).toBe(holder.pid);
    expect(found.command).toMatch(/node -e require\('net'\)/);
    expect(found.command).toHaveLength(80);
    expect(found.command).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(await describeHolder(port)).toBe(`${found.command} (pid ${holder.pid})`);
  });
});

describe('what systems print', () => {
  test('/proc/net/tcp: listening sockets only', () => {
    const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0000000000000000 20 4 30 10 -1
`;
    expect(parseTcpTable(text)).toEqual([
      { host: '127.0.0.1', port: 8080, inode: '4711' },
      { host: '0.0.0.0', port: 22, inode: '4712' },
    ]);
  });

  test.each([
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000001000000', '::1'],
    ['0000000000000000FFFF00000100007F', '127.0.0.1'],
    ['B80D01200000000000000000010000FF', '2001:db8::ff00:1'],
    ['000080FE000000000000000001000000', 'fe80::1'],
    ['B80D0120000001000000000001000000', '2001:db8:1::1'],
  ])('/proc/net/tcp6: %s is %s', (hex, host) => {
    const line = `   0: ${hex}:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1`;
    expect(parseTcpTable(line)).toEqual([{ host, port: 8080, inode: '4711' }]);
  });

  test('lsof', () => {
    const text = 'p812\nf21\nn127.0.0.1:8080\nf22\nn[::1]:8081\np900\nf3\nn*:22\n';
    expect(parseLsof(text)).toEqual([
      { host: '127.0.0.1', port: 8080, pid: 812 },
      { host: '::1', port: 8081, pid: 812 },
      { host: '0.0.0.0', port: 22, pid: 900 },
    ]);
    expect(parseLsof('')).toEqual([]);
  });
});
