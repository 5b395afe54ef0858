import { execFileSync, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../helpers/alive.ts';
import { appFolder, echoApp, get, newHome, type Home } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const TALKS = `
require('http').createServer((req, res) => {
  console.log('asked for ' + req.url);
  res.end('ok');
}).listen(process.env.PORT, '127.0.0.1');
`;

async function pushed(home: Home, folder: string): Promise<string> {
  return (await home.json<{ url: string }>(['push', '--detach'], { cwd: folder })).url;
}

const cfApp = (): string =>
  appFolder({
    'manifest.yml': 'version: 1\napplications:\n- name: shop\n  memory: 128M\n  command: node server.js\n',
    'server.js': TALKS,
  });

async function udpServer() {
  const server = createSocket('udp4');
  const packets: string[] = [];
  server.on('message', (packet) => packets.push(String(packet)));
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `udp://127.0.0.1:${server.address().port}`, packets };
}

describe('drain', () => {
  test('add, list, delete: lines go there as Stackato writes them, until it is removed', async () => {
    const home = newHome();
    const url = await pushed(home, echoApp('shop', '', TALKS));
    const server = await udpServer();
    expect(await home.run(['drain', 'add', 'shop', 'archive', server.url])).toMatchObject({
      code: 0,
      stdout: 'OK\n',
    });
    await get(`${url}/first`);
    await until('the line', () => server.packets.some((packet) => packet.includes('asked for /first')));
    expect(server.packets.find((packet) => packet.includes('asked for'))).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d app\.0: asked for \/first$/,
    );
    const { stdout } = await home.run(['drains', 'shop']);
    expect(stdout).toBe(
      `Name      Json   Url${' '.repeat(server.url.length - 3)}   From\narchive   no     ${server.url}   drain add\n`,
    );
    const again = await home.run(['drain', 'add', 'shop', 'archive', server.url]);
    expect(again).toMatchObject({ code: 2 });
    expect(again.stderr).toContain('it has one of that name');
    await home.run(['drain', 'delete', 'shop', 'archive']);
    const { length } = server.packets;
    await get(`${url}/second`);
    await until('the log', async () =>
      (await home.run(['logs', 'shop'])).stdout.includes('asked for /second'),
    );
    expect(server.packets.slice(length).filter((packet) => packet.includes('second'))).toEqual([]);
    expect((await home.run(['drain', 'list', 'shop'])).stdout).toBe('No drains of app shop\n');
  });

  test('is remembered; one of the manifest is removed by hand until it is pushed again', async () => {
    const home = newHome();
    const server = await udpServer();
    const folder = echoApp('shop', `drain: {old: "${server.url}/"}\n`, TALKS);
    await pushed(home, folder);
    await home.run(['drain', 'add', 'json', server.url, '--json'], { cwd: folder });
    await home.run(['drain', 'delete', 'old'], { cwd: folder });
    await home.run(['stop', '--all']);
    const names = async () =>
      (
        await home.json<{ drains: { name: string; json: boolean }[] }>(['drains'], { cwd: folder })
      ).drains.map(({ name, json }) => [name, json]);
    expect(await names()).toEqual([['json', true]]);
    await pushed(home, folder);
    expect(await names()).toEqual([
      ['old', false],
      ['json', true],
    ]);
  });

  test.each([
    [
      ['drain', 'add', 'shop', 'x', 'http://example.com:80'],
      'only udp, tcp, syslog, syslog-tls and https are known',
    ],
    [['drain', 'delete', 'shop', 'x'], 'Cannot find a drain "x" of app "shop"'],
    [['drain', 'add', 'shop'], 'paas-local drain add [APP] NAME URL'],
    [['drain', 'pour'], 'Cannot "drain pour"'],
  ])('%j is refused', async (args, words) => {
    const home = newHome();
    await pushed(home, echoApp('shop'));
    const refused = await home.run(args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(words);
  });
});

describe('a user-provided service with a syslog drain', () => {
  test('syslog: gets the lines of bound apps, in RFC 5424 as Cloud Foundry writes it', async () => {
    let received = '';
    const sockets = opened();
    const server = createServer((socket) => {
      sockets.add(socket.on('data', (chunk) => (received += String(chunk))).on('error', () => {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const drain = `syslog://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const home = newHome();
    const url = await pushed(home, cfApp());
    await home.json(['cups', 'sink', '-l', drain]);
    await home.json(['bs', 'shop', 'sink']);
    await get(`${url}/one`);
    await until('the line', () => received.includes('asked for /one\n'));
    const [, count, message] =
      /(\d+) (<14>1 \S+ local\.default\.shop \S+ \[APP\/PROC\/WEB\/0\] - \[tags@47450 [^\]]+\] asked for \/one\n)/.exec(
        received,
      )!;
    expect(Buffer.byteLength(message!)).toBe(Number(count));
    expect((await home.run(['drains', 'shop'])).stdout).toContain(`sink   no     ${drain}   service`);
    await home.json(['us', 'shop', 'sink']);
    expect((await home.run(['drains', 'shop'])).stdout).toBe('No drains of app shop\n');
  });

  test.skipIf(!hasOpenssl()).each(['https', 'syslog-tls'] as const)(
    '%s: over TLS that is verified',
    async (scheme) => {
      const { key, cert, file } = makeCertificate();
      let received = '';
      const asked = new Set<string | undefined>();
      const sockets = opened();
      const server =
        scheme === 'https'
          ? createHttps({ key, cert }, (request, response) => {
              asked.add(request.url);
              request.on('data', (chunk) => (received += String(chunk))).on('end', () => response.end());
            })
          : createTls({ key, cert }, (socket) => {
              sockets.add(socket.on('data', (chunk) => (received += String(chunk))).on('error', () => {}));
            });
      server.on('tlsClientError', () => {});
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const drain = `${scheme}://127.0.0.1:${port}${scheme === 'https' ? '/logs?token=x' : ''}`;
      const trusting = newHome({ NODE_EXTRA_CA_CERTS: file });
      const url = await pushed(trusting, cfApp());
      await trusting.json(['cups', 'sink', '-l', drain]);
      await trusting.json(['bs', 'shop', 'sink']);
      await get(`${url}/one`);
      await until('the line', () => received.includes('asked for /one\n'));
      expect([...asked]).toEqual(scheme === 'https' ? ['/logs?token=x'] : []);

      const doubting = newHome();
      await pushed(doubting, cfApp());
      await doubting.json(['drain', 'add', 'shop', 'sink', drain]);
      await doubting.json(['set-env', 'shop', 'A', 'b', '--restart']);
      await until('the doubt', async () =>
        /Drain "sink": cannot .*self-signed certificate/.test((await doubting.run(['logs', 'shop'])).stdout),
      );
    },
  );
});

/** Connections that end with the test. One may come when its test is over, which can then promise nothing more. */
function opened(): Set<Socket> {
  const sockets = new Set<Socket>();
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  return sockets;
}

/** Of its own authority, for 127.0.0.1. */
function makeCertificate() {
  const folder = tempDir();
  const [file, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sink';
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...args.split(' '), ...names, '-keyout', keyFile, '-out', file], {
    stdio: 'ignore',
  });
  return { key: readFileSync(keyFile), cert: readFileSync(file), file };
}

function hasOpenssl(): boolean {
  const found = spawnSync('openssl', ['version']).status === 0;
  if (!found) process.stderr.write('skipped: drains over TLS (no "openssl" here)\n');
  return found;
}
