import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
import { readRange } from '../../../runtime/staging/static/range.ts';
import { createStaticServer } from '../../../runtime/staging/static/server.ts';
import { readStaticfile } from '../../../runtime/staging/static/staticfile.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { appFolder, stage } from './helpers.ts';

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** Sends the path as it is, unlike `fetch`, which tidies it up. */
function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers, method }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, body, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

async function serve(root: string, staticfile = ''): Promise<number> {
  const server = createStaticServer(root, readStaticfile(staticfile).options).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const site = (): string =>
  appFolder({
    'index.html': '<h1>home</h1>',
    'style.css': 'a{}',
    'docs/index.html': 'docs',
    'empty/': '',
    'empty.txt': '',
    'digits.txt': '0123456789',
    'with space & co.txt': 'named oddly',
    '.secret': 'secret',
    '.well-known/x': 'x',
    'missing.html': 'not here',
  });

test('files, index pages and folders', async () => {
  const port = await serve(site());
  const rows: readonly (readonly [string, number, string])[] = [
    ['/', 200, '<h1>home</h1>'],
    ['/?query', 200, '<h1>home</h1>'],
    ['/style.css', 200, 'a{}'],
    ['/docs/', 200, 'docs'],
    ['/docs', 301, ''],
    ['/./docs//index.html', 200, 'docs'],
    ['/with%20space%20%26%20co.txt', 200, 'named oddly'],
    ['/empty.txt', 200, ''],
    ['/empty/', 403, '403 Forbidden\n'],
    ['/nowhere', 404, '404 Not Found\n'],
    ['/style.css/', 404, '404 Not Found\n'],
    ['/.secret', 404, '404 Not Found\n'],
    ['/.well-known/x', 404, '404 Not Found\n'],
    ['/../etc/passwd', 400, '400 Bad Request\n'],
    ['/docs/%2e%2e/%2e%2e/etc/passwd', 400, '400 Bad Request\n'],
    ['/docs%2f..%2f..%2fetc%2fpasswd', 400, '400 Bad Request\n'],
    ['/%00', 400, '400 Bad Request\n'],
    ['/%zz', 400, '400 Bad Request\n'],
    ['*', 400, '400 Bad Request\n'],
  ];
  for (const [path, status, body] of rows) {
    const answer = await get(port, path);
    expect([path, answer.status, answer.body]).toEqual([path, status, body]);
  }
  expect((await get(port, '/docs?a=b')).headers.location).toBe('/docs/?a=b');
  expect((await get(port, '//docs')).headers.location).toBe('/docs/');
  expect((await get(port, '/style.css')).headers).toMatchObject({
    'content-type': 'text/css; charset=utf-8',
    'content-length': '3',
    'x-content-type-options': 'nosniff',
  });
  expect(await get(port, '/style.css', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  expect(await get(port, '/', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
});

test('links out of the folder lead nowhere', async () => {
  const outside = tempDir();
  writeFileSync(join(outside, 'key'), 'secret');
  const root = site();
  symlinkSync(outside, join(root, 'out'));
  symlinkSync(join(outside, 'key'), join(root, 'key.txt'));
  symlinkSync('digits.txt', join(root, 'in.txt'));
  const port = await serve(root);
  expect([
    (await get(port, '/out/key')).status,
    (await get(port, '/key.txt')).status,
    (await get(port, '/in.txt')).status,
  ]).toEqual([404, 404, 200]);
});

test('parts of a file', async () => {
  const port = await serve(site());
  const part = async (range: string, more: Record<string, string> = {}) => {
    const { status, body, headers } = await get(port, '/digits.txt', { range, ...more });
    return [status, body, headers['content-range']];
  };
  expect(await part('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10']);
  expect(await part('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10']);
  expect(await part('bytes=-2')).toEqual([206, '89', 'bytes 8-9/10']);
  expect(await part('bytes=10-')).toEqual([416, '', 'bytes */10']);
  expect(await part('bytes=1-2,4-5')).toEqual([200, '0123456789', undefined]);
  expect(await part('bytes=2-4', { 'if-range': '"other"' })).toEqual([200, '0123456789', undefined]);
});

test('what the browser has already is not sent again', async () => {
  const root = site();
  utimesSync(join(root, 'digits.txt'), 1_000_000, 1_000_000.5);
  const port = await serve(root);
  const { headers } = await get(port, '/digits.txt');
  const status = async (name: string, value: string) =>
    (await get(port, '/digits.txt', { [name]: value })).status;
  expect(await status('if-none-match', headers.etag!)).toBe(304);
  expect(await status('if-none-match', `"x", W/${headers.etag}`)).toBe(304);
  expect(await status('if-none-match', '"x"')).toBe(200);
  expect(await status('if-modified-since', headers['last-modified']!)).toBe(304);
  expect(await status('if-modified-since', 'Thu, 01 Jan 1970 00:00:00 GMT')).toBe(200);
});

test('the Staticfile: listing, dot files, one page for all, pages for statuses', async () => {
  const root = appFolder({
    'a&b/<i>.txt': '',
    'a&b/.hidden': '',
    'a&b/java:x': '',
    'index.html': 'app',
    'gone.html': 'gone',
  });
  const listed = await get(await serve(root, 'directory: visible'), '/a&b/');
  expect(listed.body).toContain('<h1>/a&#38;b/</h1>');
  expect(listed.body).toContain('<a href="./%3Ci%3E.txt">&#60;i&#62;.txt</a>');
  expect(listed.body).toContain('<a href="./java%3Ax">');
  expect(listed.body).not.toContain('hidden');
  expect((await get(await serve(root, 'host_dot_files: true'), '/a&b/.hidden')).status).toBe(200);
  const single = await serve(root, 'pushstate: enabled');
  expect(await get(single, '/any/where')).toMatchObject({ status: 200, body: 'app' });
  expect(await get(single, '/../etc/passwd')).toMatchObject({ status: 400 });
  const paged = await serve(root, 'status_codes:\n  404: /gone.html\n  4xx: gone.html\n');
  expect(await get(paged, '/none')).toMatchObject({ status: 404, body: 'gone' });
  expect(await get(paged, '/a&b/')).toMatchObject({ status: 403, body: 'gone' });
});

test('what a Staticfile asks for in vain is said', () => {
  expect(readStaticfile('ssi: enabled\nroot: x\nfunny: 1').notes).toEqual([
    'Staticfile: ssi: server-side includes are not carried out',
    'Staticfile: funny: not known and left aside',
  ]);
  expect(readStaticfile('').notes).toEqual([]);
  expect(readStaticfile('- a').notes).toHaveLength(1);
  expect(readStaticfile('a: [').notes).toHaveLength(1);
});

test('a range lies within the file, whatever is asked', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^bytes=[0-9]{0,4}-[0-9]{0,4}$/), fc.nat(2000), (header, size) => {
      const range = readRange(header, size);
      if (range === undefined || range === 'unsatisfiable') return;
      expect(range.start).toBeLessThanOrEqual(range.end);
      expect(range.end).toBeLessThan(size);
    }),
  );
});

test('the command that is found serves the app, and ends when asked', async () => {
  const root = appFolder({ Staticfile: 'root: my site', 'my site/index.html': 'served' });
  const { facts, env } = await stage(root);
  const port = await allocatePort();
  const app = spawn('/bin/sh', ['-c', `exec ${facts.commands.web!.command}`], {
    cwd: root,
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void app.kill('SIGKILL'));
  await once(app.stdout, 'data');
  expect(await get(port, '/')).toMatchObject({ status: 200, body: 'served' });
  app.kill('SIGTERM');
  expect(await once(app, 'exit')).toEqual([0, null]);
});

test('a folder that is not there, or not in the app, is refused with a sentence', async () => {
  for (const [name, problem] of [
    ['gone', 'there is no such folder'],
    ['..', "it lies outside of the app's folder"],
  ] as const) {
    const { facts, env } = await stage(appFolder({ Staticfile: `root: ${name}` }));
    const app = spawn('/bin/sh', ['-c', `exec ${facts.commands.web!.command}`], {
      cwd: tempDir(),
      env: { ...env, PORT: '0' },
    });
    let output = '';
    app.stderr.on('data', (text: Buffer) => (output += text.toString()));
    expect(await once(app, 'close')).toEqual([1, null]);
    expect(output).toBe(`Cannot serve "${name}": ${problem}\n`);
  }
});
