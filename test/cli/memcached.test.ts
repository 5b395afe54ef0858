/** The built-in cache as a program of its own: what those who start a `memcached` rely on. */
import { constants, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { alive, until } from '../helpers/alive.ts';
import { BIN, Running } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { exchange } from '../services/memcached/helpers/exchange.ts';

interface Started {
  readonly program: Running;
  /** Lines of the port file, by what is before the colon. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Starts it and waits for its port file. */
async function start(args: readonly string[], env: Record<string, string> = {}): Promise<Started> {
  const folder = tempDir();
  const file = join(folder, 'ports');
  const program = new Running(['memcached', ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH!, MEMCACHED_PORT_FILENAME: file, ...env },
  });
  await until('the port file', () => existsSync(file), { state: () => program.output });
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return { program, ports: Object.fromEntries(lines.map(portLine)) };
}

function portLine(line: string): [string, number] {
  const [name, port] = line.split(': ');
  return [name!, Number(port)];
}

async function ask(port: number, text: string): Promise<string> {
  return (await exchange(port, [text])).toString('latin1');
}

test('serves on the ports it tells, and stops at a signal', async () => {
  const { program, ports } = await start(['-p', '-1', '-U', '-1', '-l', '127.0.0.1']);
  expect(Object.keys(ports)).toEqual(['TCP INET', 'UDP INET']);
  expect(await ask(ports['TCP INET']!, 'set a 0 0 1\r\nx\r\nget a\r\n')).toBe(
    'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
  );
  program.child.kill('SIGTERM');
  expect(await program.exited).toMatchObject({ code: 0, signal: null, stdout: '' });
});

test('listens on loopback only unless told otherwise, and reports its settings as memcached does', async () => {
  const { program, ports } = await start(['-p', '-1', '-m', '100', '-c', '200', '-t', '7', '-v', '-k']);
  const settings = await ask(ports['TCP INET']!, 'stats settings\r\n');
  for (const line of ['maxbytes 104857600', 'maxconns 200', 'num_threads 7', 'verbosity 1', 'inter NULL'])
    expect(settings).toContain(`STAT ${line}\r\n`);
  const conns = await ask(ports['TCP INET']!, 'stats conns\r\n');
  expect(conns).toContain('addr tcp:127.0.0.1:');
  expect(conns).not.toContain('0.0.0.0');
  program.child.kill('SIGINT');
  expect(await program.exited).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/without effect here: -t, -k\n[^]*Exiting normally/),
  });
});

test('-vv tells who comes, what is asked and what is answered', async () => {
  const { program, ports } = await start(['-p', '-1', '-l', '127.0.0.1', '-vv']);
  const requests = 'get a\r\nget b\r\nset a 0 0 8\r\nget none\r\nget a\r\nfoo\x1b[2J\r\n';
  await ask(ports['TCP INET']!, requests);
  // The same when the value comes after its request, with another request behind it.
  const socket = connect(ports['TCP INET']!, '127.0.0.1');
  socket.write('set b 0 0 1\r\n');
  await until('the request is told', () => program.stderr.includes('set b 0 0 1'));
  socket.end('x\r\nget b\r\n');
  await once(socket.resume(), 'close');
  const noop = Buffer.from('800a00000000000000000000000000000000000000000000', 'hex');
  await exchange(ports['TCP INET']!, [noop]);
  program.child.kill('SIGTERM');
  const told = (await program.exited).stderr.replaceAll(
    /\d+(?=:? (?:new|Client|connection|server))|(?<=^[<>])\d+/gm,
    'N',
  );
  expect(told).toContain('slab class   1: chunk size        96 perslab   10922\n');
  // The end of one connection may be told after the next has come.
  const closed = '<N connection closed.\n';
  expect(told).toContain(closed);
  expect(told.slice(told.indexOf('<N server')).replaceAll(closed, '')).toBe(
    [
      '<N server listening (auto-negotiate)',
      '<N new auto-negotiating client connection',
      'N: Client using the ascii protocol',
      '<N get a',
      '>N END',
      '<N get b',
      '>N END',
      '<N set a 0 0 8',
      '>N STORED',
      '<N get a',
      '>N sending key a',
      '>N END',
      '<N foo\\x1b[2J',
      '>N ERROR',
      '<N new auto-negotiating client connection',
      'N: Client using the ascii protocol',
      '<N set b 0 0 1',
      '>N STORED',
      '<N get b',
      '>N sending key b',
      '>N END',
      '<N new auto-negotiating client connection',
      'N: Client using the binary protocol',
      '<N Read binary protocol data:',
      '<N    0x80 0x0a 0x00 0x00',
      ...Array.from({ length: 5 }, () => '<N    0x00 0x00 0x00 0x00'),
      '>N Writing bin response:',
      '>N   0x81 0x0a 0x00 0x00',
      ...Array.from({ length: 5 }, () => '>N   0x00 0x00 0x00 0x00'),
      'Exiting normally',
      '',
    ].join('\n'),
  );
});

test('-vv takes no part of a value for an answer, and changes none', async () => {
  const { program, ports } = await start(['-p', '-1', '-l', '127.0.0.1', '-vv']);
  const port = ports['TCP INET']!;
  const dump = 'ERROR cannot pipeline other commands before metadump\r\n';
  const watch = 'ERROR cannot pipeline other commands before watch\r\n';
  expect(await ask(port, 'get a\r\nlru_crawler metadump all\r\n')).toBe(`END\r\n${dump}`);
  expect(await ask(port, 'get a\r\nwatch\r\n')).toBe(`END\r\n${watch}`);
  expect(await ask(port, `get ${'x'.repeat(300)}`.padEnd(3000, 'y'))).toBe('');
  const value = Buffer.alloc(100_000, 'v');
  await ask(port, `set a 0 0 ${value.length}\r\n${String(value)}\r\n`);
  const get = Buffer.from('800000010000000000000001000000000000000000000000' + '61', 'hex');
  const stat = Buffer.from('801000000000000000000000000000000000000000000000', 'hex');
  const answers = await exchange(port, [get, stat, get]);
  expect(answers.indexOf(value)).toBe(28);
  program.child.kill('SIGTERM');
  const told = (await program.exited).stderr;
  expect(told.match(/Writing bin response/g)).toHaveLength(2);
  expect(told).not.toContain('0x76 0x76');
  expect(told).not.toContain('yyy');
});

test('without a port it serves nobody, until it is stopped', async () => {
  const pidFile = join(tempDir(), 'pid');
  const program = new Running(['memcached', '-p', '0', '-v', '-P', pidFile], {
    cwd: tempDir(),
    env: { PATH: process.env.PATH! },
  });
  await until('the pid file', () => existsSync(pidFile), { state: () => program.output });
  program.child.kill('SIGTERM');
  const { code, stderr } = await program.exited;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('Exiting normally') });
});

test('-vvv tells what is looked up as well', async () => {
  const { program, ports } = await start(['-p', '-1', '-l', '127.0.0.1', '-vvv']);
  const port = ports['TCP INET']!;
  const requests = [
    'set a 0 0 1\r\nx\r\n',
    'get a b\r\n',
    'touch a -1\r\n',
    'get a\r\n',
    'set a 0 0 1\r\nx\r\nflush_all\r\nget a\r\n',
  ];
  for (const request of requests) await ask(port, request);
  program.child.kill('SIGTERM');
  const told = (await program.exited).stderr.split('\n').filter((line) => line.startsWith('> '));
  expect(told).toEqual([
    '> NOT FOUND a',
    '> FOUND KEY a',
    '> NOT FOUND b',
    '> FOUND KEY a',
    '> FOUND KEY a -nuked by expire',
    '> NOT FOUND a',
    '> FOUND KEY a -nuked by flush',
  ]);
});

test('leaves the pipes it was started with as they are: who shares them would lose lines', async () => {
  const { program } = await start(['-p', '-1', '-l', '127.0.0.1', '-vv']);
  await program.readUntil(/server listening/);
  if (process.platform !== 'linux') return console.log('flags of open files are only seen on Linux: skipped');
  for (const descriptor of [1, 2]) {
    const info = readFileSync(`/proc/${program.child.pid}/fdinfo/${descriptor}`, 'latin1');
    const flags = parseInt(/^flags:\s*(\d+)/m.exec(info)![1]!, 8);
    expect(flags & constants.O_NONBLOCK, `descriptor ${descriptor}`).toBe(0);
  }
});

const canLimit = spawnSync('prlimit', ['--version']).status === 0;
if (!canLimit) console.log('Skipped: the memory of a process cannot be limited here (no prlimit)');

test.skipIf(!canLimit)('a client that asks for more memory than there is, is told so', async () => {
  const { program, ports } = await start(['-p', '-1', '-l', '127.0.0.1']);
  const port = ports['TCP INET']!;
  expect(await ask(port, 'set a 0 0 1\r\nx\r\n')).toBe('STORED\r\n');
  const [, kilobytes] = /^VmSize:\s+(\d+)/m.exec(
    readFileSync(`/proc/${program.child.pid}/status`, 'latin1'),
  )!;
  const bytes = (Number(kilobytes) + 1024 * 1024) * 1024;
  spawnSync('prlimit', ['--pid', String(program.child.pid), `--as=${bytes}`]);
  expect(await ask(port, 'cache_memlimit 4000\r\nget a\r\n')).toBe(
    'MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
  );
  program.child.kill('SIGTERM');
  expect(await program.exited).toMatchObject({ code: 0 });
});

test('SIGUSR1 and the shutdown command stop it', async () => {
  const first = await start(['-p', '-1']);
  first.program.child.kill('SIGUSR1');
  expect(await first.program.exited).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Gracefully stopping'),
  });
  const second = await start(['-p', '-1', '-A']);
  expect(await ask(second.ports['TCP INET']!, 'shutdown\r\n')).toBe('');
  expect(await second.program.exited).toMatchObject({ code: 0 });
});

test('a list of addresses, each with its port and protocol', async () => {
  const list = 'proto[ascii]:127.0.0.1:0,proto[binary]:localhost:0';
  const folder = tempDir();
  const file = join(folder, 'ports');
  const program = new Running(['memcached', '-l', list], {
    cwd: folder,
    env: { PATH: process.env.PATH!, MEMCACHED_PORT_FILENAME: file },
  });
  await until('the port file', () => existsSync(file), { state: () => program.output });
  const ports = readFileSync(file, 'utf8').trim().split('\n').map(portLine);
  const version = Buffer.from('800b00000000000000000000000000000000000000000000', 'hex');
  expect((await exchange(ports[0]![1], ['version\r\n'])).toString()).toMatch(/^VERSION/);
  expect((await exchange(ports[1]![1], [version]))[0]).toBe(0x81);
});

test('a unix socket with the rights asked for, and nothing else', async () => {
  const folder = tempDir();
  const path = join(folder, 'socket');
  const program = new Running(['memcached', `-s${path}`, '-a', '0770'], {
    cwd: folder,
    env: { PATH: process.env.PATH! },
  });
  // There at first without anybody who listens, and with the rights of any file.
  const answer = await until(
    'an answer',
    async () =>
      existsSync(path) && ((await exchange({ path }, ['stats settings\r\n'])).toString() || undefined),
    { state: () => program.output },
  );
  await until('its rights', () => (statSync(path).mode & 0o777) === 0o770);
  expect(answer).toContain(`STAT domain_socket ${path}\r\n`);
  expect(answer).toContain('STAT umask 770\r\n');
  program.child.kill('SIGTERM');
  expect(await program.exited).toMatchObject({ code: 0 });
  expect(existsSync(path)).toBe(false);
});

test('-d goes on in the background, with its number in a file which it removes', async () => {
  const pidFile = join(tempDir(), 'pid');
  const { program, ports } = await start(['-d', '-P', pidFile, '-p', '-1']);
  expect(await program.exited).toMatchObject({ code: 0 });
  const pid = Number(readFileSync(pidFile, 'utf8'));
  try {
    expect(await ask(ports['TCP INET']!, 'stats\r\n')).toContain(`STAT pid ${pid}\r\n`);
  } finally {
    process.kill(pid, 'SIGTERM');
  }
  await until('its end', () => !alive(pid));
  expect(existsSync(pidFile)).toBe(false);
});

test('is memcached through a link of that name, also in the background', async () => {
  const folder = tempDir();
  const link = join(folder, 'memcached');
  symlinkSync(BIN, link);
  const run = (args: readonly string[]) =>
    new Running(args, { cwd: folder, env: { PATH: process.env.PATH! }, program: link }).exited;
  expect(await run(['-V'])).toMatchObject({ code: 0, stdout: 'memcached 1.6.18\n' });
  expect(await run(['-p', '70000'])).toMatchObject({
    code: 64,
    stderr: 'ERROR: Invalid port number 70000.\n',
  });
  const [pidFile, path] = [join(folder, 'pid'), join(folder, 'socket')];
  expect(await run(['-d', '-P', pidFile, '-s', path])).toMatchObject({ code: 0 });
  const pid = Number(readFileSync(pidFile, 'utf8'));
  try {
    expect((await exchange({ path }, ['version\r\n'])).toString()).toBe('VERSION 1.6.18\r\n');
  } finally {
    process.kill(pid, 'SIGTERM');
  }
  await until('its end', () => !alive(pid));
});

test('a port that is taken is an error, also in the background', async () => {
  const { ports } = await start(['-p', '-1', '-l', '127.0.0.1']);
  const port = String(ports['TCP INET']);
  for (const daemon of [[], ['-d']]) {
    const second = new Running(['memcached', ...daemon, '-p', port, '-l', '127.0.0.1'], {
      cwd: tempDir(),
      env: { PATH: process.env.PATH! },
    });
    expect(await second.exited).toMatchObject({
      code: 71,
      stderr: expect.stringContaining(
        'failed to listen on one of interface(s) 127.0.0.1: Address already in use\n',
      ),
    });
  }
});

test('-Y: the text protocol asks for a login, and the file is read again at SIGHUP', async () => {
  const file = join(tempDir(), 'users');
  writeFileSync(file, 'foo:bar\nbaz:quux\n');
  const { program, ports } = await start(['-Y', file, '-p', '-1']);
  const port = ports['TCP INET']!;
  const login = (credentials: string) => `set x 0 0 ${credentials.length}\r\n${credentials}\r\n`;
  expect(await ask(port, 'get a\r\n')).toBe('CLIENT_ERROR unauthenticated\r\n');
  expect(await ask(port, `${login('foo wrong')}get a\r\n`)).toBe(
    'CLIENT_ERROR authentication failure\r\nCLIENT_ERROR unauthenticated\r\n',
  );
  expect(await ask(port, `${login('baz quux')}get a\r\n`)).toBe('STORED\r\nEND\r\n');
  expect(await ask(port, `set x 0 0 2147483646\r\n${login('baz quux')}get a\r\n`)).toBe(
    'CLIENT_ERROR auth token too long\r\nSTORED\r\nEND\r\n',
  );
  writeFileSync(file, 'new:one\n');
  program.child.kill('SIGHUP');
  await until('the file to be read again', async () => (await ask(port, login('new one'))) === 'STORED\r\n');
  expect(await ask(port, login('foo bar'))).toBe('CLIENT_ERROR authentication failure\r\n');
  // A file that cannot be read changes nothing.
  rmSync(file);
  program.child.kill('SIGHUP');
  expect(await ask(port, login('new one'))).toBe('STORED\r\n');
});

test('-S: users come from the file that MEMCACHED_SASL_PWDB names', async () => {
  const file = join(tempDir(), 'users');
  writeFileSync(file, 'foo:bar:more\n');
  const { ports } = await start(['-S', '-p', '-1', '-l', '127.0.0.1'], { MEMCACHED_SASL_PWDB: file });
  const plain = (user: string, password: string) => {
    const body = Buffer.from(`PLAIN\0${user}\0${password}`, 'latin1');
    const header = Buffer.alloc(24);
    header.writeUInt16BE(0x8021, 0);
    header.writeUInt16BE(5, 2);
    header.writeUInt32BE(body.length, 8);
    return Buffer.concat([header, body]);
  };
  const status = async (user: string, password: string) =>
    (await exchange(ports['TCP INET']!, [plain(user, password)])).readUInt16BE(6);
  expect(await status('foo', 'bar')).toBe(0);
  expect(await status('foo', 'wrong')).toBe(0x20);
  // Read anew at each login.
  writeFileSync(file, 'foo:changed\n');
  expect(await status('foo', 'bar')).toBe(0x20);
  expect(await status('foo', 'changed')).toBe(0);
});

test('a socket in a folder that does not exist is told so', async () => {
  const folder = tempDir();
  const path = join(folder, 'none/cache.sock');
  const refused = new Running(['memcached', '-s', path], { cwd: folder, env: { PATH: process.env.PATH! } });
  expect(await refused.exited).toMatchObject({
    code: 71,
    stderr: expect.stringMatching(
      `bind\\(\\): No such file or directory\nfailed to listen on UNIX socket: ${path}: No such file or directory\n$`,
    ),
  });
});
