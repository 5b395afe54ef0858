import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import type { LogLine } from '../../runtime/logs/types.ts';
import { until } from '../helpers/alive.ts';
import { echoApp, get, newHome, type Home } from '../helpers/cli.ts';

const linesOf = async (home: Home, ...args: string[]): Promise<LogLine[]> => {
  const { code, stdout, stderr } = await home.run(['logs', 'shop', '--json', ...args]);
  if (code !== 0) throw new Error(stderr);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogLine);
};

const textsOf = async (home: Home, ...args: string[]) =>
  (await linesOf(home, ...args)).map(({ text }) => text);

const COUNTING = `
require('http').createServer((req, res) => {
  const [, from, to] = req.url.split('/').map(Number);
  for (let i = from; i < to; i++) console.log('line ' + i);
  console.log('done ' + to);
  res.end();
}).listen(process.env.PORT, '127.0.0.1');
`;

test('only the lines that are wanted, from memory and from disk, running or not', async () => {
  const home = newHome();
  const { url } = await home.json<{ url: string }>(['push', '--detach'], {
    cwd: echoApp('shop', '', COUNTING),
  });
  await get(`${url}/0/3000`);
  await until('the lines', async () => (await textsOf(home, '--grep', '^done')).length === 1);
  // More than what is kept in memory.
  expect(await textsOf(home, '--grep', '^line 1.?$')).toEqual([
    'line 1',
    ...Array.from({ length: 10 }, (_, index) => `line 1${index}`),
  ]);
  expect((await linesOf(home, '--source', 'rtr')).map(({ source }) => source)).toEqual(['RTR']);
  expect((await linesOf(home, '--num', '5000', '--source', 'APP')).length).toBe(3001);
  expect(await textsOf(home, '--num', '2', '--source', 'APP/PROC/WEB')).toEqual(['line 2999', 'done 3000']);
  expect(await textsOf(home, '--instance', '7')).toEqual([]);
  expect(await textsOf(home, '--since', '1h', '--grep', 'done')).toEqual(['done 3000']);
  expect(await textsOf(home, '--since', '2000-01-01', '--grep', '^line')).toHaveLength(3000);
  await home.run(['stop', '--all']);
  expect(await textsOf(home, '--grep', '^line 2.$')).toHaveLength(10);
});

test('a source there is no line of is told from one that is silent', async () => {
  const home = newHome();
  await home.json(['push', '--detach'], { cwd: echoApp('shop') });
  const said = /^No line of shop is from FOO so far\. There are lines from: .*\bAPP\/PROC\/WEB, CELL\b/;
  const wrong = await home.run(['logs', 'shop', '--source', 'FOO']);
  expect(wrong).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(said) });
  const typo = await home.run(['logs', 'shop', '--source', 'cel']);
  expect(typo.stderr).toContain('Did you mean "CELL"?');
  expect((await home.run(['logs', 'shop', '--source', 'APP', '--grep', 'never'])).stderr).toBe('');
  await home.run(['stop', '--all']);
  expect((await home.run(['logs', 'shop', '--source', 'FOO'])).stderr).toMatch(said);
});

test('follows only the lines that are wanted', async () => {
  const home = newHome();
  const { url } = await home.json<{ url: string }>(['push', '--detach'], {
    cwd: echoApp('shop', '', COUNTING),
  });
  const logs = home.start(['logs', 'shop', '-f', '--grep', 'line 7']);
  await get(`${url}/0/5`);
  await get(`${url}/5/9`);
  await logs.readUntil(/line 7/);
  expect(logs.output).not.toMatch(/line [0-6]/);
});

test.each([
  [['--since', 'lately'], 'how long ago'],
  [['--grep', '('], 'Cannot use "(" as --grep'],
  [['--instance', 'x'], 'it is a number'],
])('%j is explained', async (args, words) => {
  const home = newHome();
  await home.json(['push', '--detach'], { cwd: echoApp('shop') });
  const refused = await home.run(['logs', 'shop', ...args]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(words);
});

test(
  'a burst of 32 MiB neither kills the app nor loses order; what is missing is said',
  { timeout: 180_000 },
  async () => {
    const home = newHome();
    const cwd = fileURLToPath(new URL('../../fixtures/apps/noisy', import.meta.url));
    const { url, apps } = await home.json<{ url: string; apps: AppSnapshot[] }>(['push', '--detach'], {
      cwd,
    });
    const { pid } = apps[0]!.processes[0]!.instances[0]!;
    const last = `${lastOfBurst()} `;
    // All was printed before it listened; the host may still be busy with the last of it.
    const kept = async () => {
      const { stdout } = await home.run(['logs', 'noisy', '--json', '--since', '1h']);
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as LogLine);
    };
    const lines = await until('the last line', async () => {
      const found = await kept();
      return found.some(({ text }) => text.startsWith(last)) && found;
    });
    const numbers = lines
      .filter(({ source }) => source.startsWith('APP'))
      .map(({ text }) => Number.parseInt(text, 10));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    const whole = numbers.every((number, index) => index === 0 || number === numbers[index - 1]! + 1);
    expect(whole || lines.some(({ text }) => /^\d+ log lines are missing on disk/.test(text))).toBe(true);
    expect((await get(url)).status).toBe(200);
    const { app } = await home.json<{ app: AppSnapshot }>(['app', 'noisy']);
    expect(app.processes[0]!.instances[0]!.pid).toBe(pid);
  },
);

/** The number of the last line that the fixture prints. */
function lastOfBurst(): number {
  let printed = 0;
  let last = 0;
  for (let line = 0, burst = 0; printed < 32 * 1024 * 1024; line++) {
    burst += `${line} `.length + 81;
    if (burst < 64 * 1024) continue;
    printed += burst;
    burst = 0;
    last = line;
  }
  return last;
}

test('a drain of the manifest is sent the lines', async () => {
  const server = createSocket('udp4');
  const packets: string[] = [];
  server.on('message', (packet) => packets.push(String(packet)));
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const home = newHome();
  const drain = `drain: {archive: "udp://127.0.0.1:${server.address().port}/", odd: "http://127.0.0.1:1"}\n`;
  const { url } = await home.json<{ url: string }>(['push', '--detach'], { cwd: echoApp('shop', drain) });
  await get(`${url}/drained`);
  await until('both', () =>
    ['listening', 'GET /drained'].every((text) => packets.some((one) => one.includes(text))),
  );
  expect(packets.find((packet) => packet.includes('listening'))).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d app\.0: listening$/,
  );
  expect(await textsOf(home, '--source', 'LGR')).toEqual([
    'Drain "odd": nothing is sent to "http://127.0.0.1:1": only udp, tcp, syslog, syslog-tls and https are known',
  ]);
});
