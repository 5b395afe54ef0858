/** What memcached's command line means, and what it says to wrong values: side by side with the real one. */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Ending } from '../../../services/memcached/command-line/ending.ts';
import { readCommandLine } from '../../../services/memcached/command-line/command-line.ts';
import { runMemcached } from '../../../services/memcached/command-line/run.ts';
import { wantedAddresses } from '../../../services/memcached/command-line/addresses.ts';
import { referenceVersion } from './helpers/reference.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const MB = 1024 * 1024;
const words = (line: string) => line.split(' ').filter((word) => word !== '');

/** Runs a command line that ends by itself. */
async function ended(line: string) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const starter = { file: process.execPath, args: [], daemon: false };
  const code = await runMemcached({ argv: words(line), env: {}, cwd: '/', stdout, stderr, starter });
  const text = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? '';
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Wrong values, each refused with an exit code and words of its own. */
const REFUSED = [
  '-x', '--foo', '-p', '--port', '--daemon=1', '--m 5', '--=1', '-vvx', '-c 0', '-c -1', '-c x', '-f 1', '-f x', '-n 0', '-R 0',
  '-t 0', '-t -3', '-D', '-B http', '-B', '-I 5', '-I 1023', '-I 2g', '-I x', '-I 1025m -m 4000', '-m 1', '-m x', '-I 33m', '-N 0',
  '-N 9', '-p 99999', '-p 65536', '-S -B ascii', '-S -B auto', '-S -B binary -B ascii', '-S -U 5', '-Y /dev/null -B binary',
  '-Y /dev/null -B auto', '-o hashpower', '-o hashpower=5', '-o hashpower=33', '-o slab_automove=3', '-o slab_automove_ratio',
  '-o slab_automove_ratio=2', '-o slab_automove_window', '-o slab_automove_window=2', '-o tail_repair_time', '-o tail_repair_time=9',
  '-o hash_algorithm', '-o hash_algorithm=md5', '-o lru_crawler_sleep', '-o lru_crawler_sleep=1000001', '-o lru_crawler_tocrawl',
  '-o lru_crawler_tocrawl=x', '-o hot_lru_pct', '-o hot_lru_pct=80', '-o warm_lru_pct=0', '-o hot_lru_pct=50,warm_lru_pct=40',
  '-o hot_max_factor=0', '-o warm_max_factor', '-o temporary_ttl', '-o temporary_ttl=5,no_lru_maintainer', '-o idle_timeout',
  '-o watcher_logbuf_size=x', '-o worker_logbuf_size', '-o slab_chunk_max=2097152', '-o slab_chunk_max=300000', '-o slab_sizes=5',
  '-o slab_sizes=200-100', '-o slab_sizes=100-104', '-o read_buf_mem_limit', '-o nonsense', '-o modern,nonsense=1,modern', '-o no_modern,foo',
  '-u nosuchuser', '-l 127.0.0.1:x', '-l tag[]:127.0.0.1', '-l tag[too-long-a-tag]:127.0.0.1', '-l proto[ascii', '-l proto[proxy]:127.0.0.1',
  '-o hashpower=12 -l 127.0.0.1', '-t 2 -o hashpower=12,nonsense', '-t 64 -o hashpower=15 -l 127.0.0.1', '-p -2 -l 127.0.0.1', '-p 0 -U -5 -l 127.0.0.1',
]; // prettier-ignore

const installed = referenceVersion();
if ('reason' in installed)
  console.log(`comparison with memcached's command line skipped: ${installed.reason}`);

describe.skipIf('reason' in installed)('refuses what memcached refuses, in its words', () => {
  // memcached insists on a user when it is started by root; the last -u counts.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  test.each(REFUSED)('%s', async (line) => {
    const ran = spawnSync('memcached', [...user, ...words(line)], { encoding: 'utf8', timeout: 10_000 });
    const theirs = { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
    // Which user it is only matters to root, and this test may not become another.
    if (line.startsWith('-u') && user.length === 0) return;
    expect(await ended(user.length > 0 ? `-u root ${line}` : line)).toEqual(withoutBlemishes(theirs));
  });
});

/** The reference adds what the system said last, even if it said nothing. */
function withoutBlemishes(said: { code: number | null; stdout: string; stderr: string }) {
  return { ...said, stderr: said.stderr.replace(/: Success\n$/, '\n') };
}

describe('options', () => {
  const settings = (line: string) => readCommandLine(words(line)).settings;

  test('have memcached defaults', () => {
    expect(readCommandLine([])).toMatchObject({
      tcpPort: 11_211,
      udpPort: 0,
      interfaces: undefined,
      socketMask: 0o700,
      settings: { memoryBytes: 64 * MB, maxConnections: 1024, itemSizeMax: MB, threads: 4 },
    });
  });

  test.each([
    ['-p 5000', { tcpPort: 5000 }],
    ['-p5000', { tcpPort: 5000 }],
    ['--port=5000', { tcpPort: 5000 }],
    ['--port 5000', { tcpPort: 5000 }],
    ['--por 5000', { tcpPort: 5000 }],
    ['-p 5000x', { tcpPort: 5000 }],
    ['-U 6000', { tcpPort: 6000, udpPort: 6000 }],
    ['-U 6000 -p 0', { tcpPort: 0, udpPort: 6000 }],
    ['-l::1', { interfaces: '::1' }],
    ['-l 127.0.0.1 -l ::1 -l 127.0', { interfaces: '127.0.0.1,::1' }],
    ['-s/tmp/x -a 0777', { socketPath: '/tmp/x', socketMask: 0o777 }],
    ['-dvvP/tmp/p', { daemon: true, pidFile: '/tmp/p' }],
    ['-- -p 1', { tcpPort: 11_211 }],
    ['word -p 1 word', { tcpPort: 1 }],
  ])('%s', (line, expected) => {
    expect(readCommandLine(words(line))).toMatchObject(expected);
  });

  test.each([
    ['-m 128', { memoryBytes: 128 * MB }],
    ['-M -C -F -X -W -A', { evictions: false, casEnabled: false, flushEnabled: false, dumpEnabled: false, watchEnabled: false, shutdownCommand: true }],
    ['-c 7 -b 9 -R 3 -f 1.5 -n 10 -t 2', { maxConnections: 7, backlog: 9, requestsPerTurn: 3, growthFactor: 1.5, chunkSize: 10, threads: 2 }],
    ['-vv -v --verbose --verbose=5', { verbosity: 5 }],
    ['-D _', { prefixDelimiter: '_', detail: true }],
    ['-I 2k -o slab_chunk_max=1024', { itemSizeMax: 2048, slabChunkMax: 1024 }],
    ['-I 4m -o slab_chunk_max=16', { slabChunkMax: 16 * 1024 }],
    ['-I 4m -o slab_chunk_max=128', { slabChunkMax: 128 }],
    ['-I 4M', { itemSizeMax: 4 * MB, slabChunkMax: MB / 2 }],
    ['-S', { sasl: true, protocol: 'binary' }],
    ['-Y /dev/null', { sasl: false, protocol: 'ascii' }],
    ['-o no_modern', { slabReassign: false, slabAutomove: 0, maxConnectionsFast: false, lruSegmented: false, lruMaintainer: false, hashAlgorithm: 'jenkins', slabChunkMax: MB }],
    ['-o hashpower=20,idle_timeout=5,track_sizes', { hashPowerInit: 20, idleTimeoutSeconds: 5, trackSizes: true }],
    ['-o slab_sizes=96-200-1000', { slabSizes: [96, 200, 1000] }],
    ['-o temporary_ttl=30', { tempLru: true, temporaryTtl: 30 }],
    ['-o temporary_ttl=-1', { tempLru: true, temporaryTtl: 2 ** 32 - 1 }],
    ['-o watcher_logbuf_size=1,worker_logbuf_size=2', { watcherBufferBytes: 1024, workerBufferBytes: 2048, slabSizes: undefined }],
  ])('%s', (line, expected) => {
    expect(settings(line)).toMatchObject(expected);
  }); // prettier-ignore

  test('that do nothing here are remembered, each once', () => {
    const { withoutEffect } = readCommandLine(
      words('-k -L -r -t 4 -t 8 -R 5 -N 2 -o no_hashexpand,tail_repair_time=20,lru_crawler_sleep=5'),
    );
    expect([...withoutEffect]).toEqual([
      '-k',
      '-L',
      '-r',
      '-t',
      '-R',
      '-N',
      '-o no_hashexpand',
      '-o tail_repair_time',
      '-o lru_crawler_sleep',
    ]);
  });

  test('that cannot be honoured are refused', () => {
    const refusal = (line: string) => {
      try {
        readCommandLine(words(line));
        return 'accepted';
      } catch (error) {
        return error instanceof Ending ? `${error.exitCode} ${error.stderr}` : error;
      }
    };
    expect(refusal('-Z')).toBe('64 This server is not built with TLS support.\n');
    expect(refusal('-e /tmp/x')).toMatch(/^1 This server is not built with restartable memory/);
    expect(refusal('-o ext_path=/tmp/x:1G')).toBe('1 Illegal suboption "ext_path=/tmp/x:1G"\n');
  });

  test('that ask for more than there can be are refused', async () => {
    const { code, stderr } = await ended('-o hashpower=32');
    expect({ code, last: stderr.split('\n').at(-2) }).toEqual({ code: 1, last: 'Failed to init hashtable.' });
  });

  test('addresses', () => {
    const port = 11_211;
    expect(wantedAddresses(undefined, port).map(({ host }) => host)).toEqual(['127.0.0.1', '::1']);
    const list = 'a,b:1;::1,[::2]:3,[::4],proto[ascii]:c:5,tag[t]:d,proto[binary]:tag[u]:[::5]:6';
    expect(wantedAddresses(list, port)).toEqual([
      { host: 'a', port, protocol: undefined },
      { host: 'b', port: 1, protocol: undefined },
      { host: '::1', port, protocol: undefined },
      { host: '::2', port: 3, protocol: undefined },
      { host: '::4', port, protocol: undefined },
      { host: 'c', port: 5, protocol: 'ascii' },
      { host: 'd', port, protocol: undefined },
      { host: '::5', port: 6, protocol: 'binary' },
    ]);
    for (const wrong of ['65536', '-2', 'x']) {
      const refused = expect.objectContaining({
        stderr: expect.stringContaining(`Invalid port number: "${wrong}"`),
      });
      expect(() => wantedAddresses(`127.0.0.1:${wrong}`, port)).toThrow(refused);
    }
    for (const none of [',', '', ';,']) {
      const stderr = `No address to listen on: "${none}"\nfailed to listen on one of interface(s) ${none}\n`;
      expect(() => wantedAddresses(none, port)).toThrow(expect.objectContaining({ exitCode: 71, stderr }));
    }
  });
});

test('a unix socket whose name there cannot be is refused, and nothing is left behind', async () => {
  const path = join(tempDir(), 'x'.repeat(120));
  const { code, stderr } = await ended(`-u root -s ${path}`);
  expect({ code, stderr }).toEqual({
    code: 71,
    stderr: `bind(): File name too long\nfailed to listen on UNIX socket: ${path}: File name too long\n`,
  });
  expect(readdirSync(dirname(path))).toEqual([]);
});

test('-a gives rights and nothing else, and many threads are warned of', async () => {
  const path = join(tempDir(), 'cache.sock');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const starter = { file: process.execPath, args: [], daemon: false };
  const argv = [
    ...words(`-A -a 07777 -t 65 -s ${path}`),
    ...(process.getuid?.() === 0 ? ['-u', 'root'] : []),
  ];
  const running = runMemcached({ argv, env: {}, cwd: '/', stdout, stderr, starter });
  let over = false;
  const end = () => void (over = true);
  void running.then(end, end);
  let client: Socket | undefined;
  while (!client && !over) client = await connected(path);
  if (!client) throw new Error(`It ended before it listened: ${stderr.read()}`);
  expect(statSync(path).mode & 0o7777).toBe(0o777);
  client.end('shutdown\r\n');
  expect(await running).toBe(0);
  expect(String(stderr.read())).toContain(
    'WARNING: Setting a high number of workerthreads is not recommended.\n Set this value to the number of cores in your machine or less.\n',
  );
});

/** A client of the socket, or undefined if there is none yet. */
async function connected(path: string): Promise<Socket | undefined> {
  await new Promise((resolve) => setImmediate(resolve));
  const socket = connect(path);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}

test('-V and -h say what it is, and -h every option', async () => {
  expect(await ended('-V')).toEqual({ code: 0, stdout: 'memcached 1.6.18\n', stderr: '' });
  const help = await ended('--help');
  expect(help.code).toBe(0);
  expect(help.stdout).toMatch(/^memcached 1\.6\.18\n-a, --unix-mask=<octal>/);
  for (const option of ['--port', '--enable-sasl', '--auth-file', '-D <character>', '- idle_timeout'])
    expect(help.stdout).toContain(option);
  // Programs take these for features that are not here.
  for (const absent of ['ext_path', 'enable-ssl', 'proxy_config', 'drop_privileges'])
    expect(help.stdout).not.toContain(absent);
});
