import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { appFolder } from '../../helpers/cli.ts';
import { cacheApp, started, text } from './helpers.ts';

/** Tells how it was asked, and sends on as a login does. */
const SENDS_ON = `
require('node:http').createServer((req, res) => {
  let body = '';
  req.on('data', (chunk) => (body += chunk)).on('end', () => {
    const [, code, to] = /^\\/to\\/(\\d+)(.*)$/.exec(req.url) ?? [];
    if (code) return res.writeHead(code, { location: to || '/end' }).end();
    if (req.url === '/loop') return res.writeHead(302, { location: '/loop' }).end();
    const { host, 'x-forwarded-proto': proto, 'content-type': type } = req.headers;
    res.writeHead(200, { 'set-cookie': 'a=1; Secure' });
    res.end([req.method, req.url, proto, host, type ?? '-', body].join(' '));
  });
}).listen(process.env.PORT, '127.0.0.1');
`;

const sendsOn = (): string =>
  appFolder({ 'manifest.yml': 'name: shop\nmem: 128M\ncommand: node server.js\n', 'server.js': SENDS_ON });

describe('startPlatform with tls', () => {
  test('reaches the app by HTTPS, by its address and by its names', async () => {
    const platform = await started({ folder: sendsOn(), tls: true });
    const app = platform.app('shop');
    expect(app.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(app.urls.map((url) => new URL(url).protocol)).toEqual(['https:', 'http:']);
    const { host } = new URL(app.url);
    expect(await text(platform.fetch('/a?b=c'))).toBe(`GET /a?b=c https ${host} - `);
    expect(await text(platform.fetch(app.urls[0]!))).toContain(' https shop.localhost:');
    expect(await text(platform.fetch('/', { host: 'shop.localhost' }))).toBe('GET / https shop.localhost - ');
    expect((await platform.fetch('/', { host: 'nobody.localhost' })).status).toBe(404);
    expect((await platform.fetch('/')).headers.getSetCookie()).toEqual(['a=1; Secure']);
    expect(readFileSync(platform.caFile!, 'utf8')).toContain('BEGIN CERTIFICATE');
    expect(await platform.requests()).toHaveLength(5);
  });

  test('several apps have a URL each', async () => {
    const folder = appFolder({
      'manifest.yml': ['one', 'two']
        .map((name) => `- {name: ${name}, memory: 128M, command: node server.js}`)
        .join('\n')
        .replace(/^/, 'applications:\n'),
      'server.js': `require('node:http').createServer((_, res) => res.end(JSON.parse(process.env.VCAP_APPLICATION).name)).listen(process.env.PORT)`,
    });
    const platform = await started({ folder, tls: true });
    for (const name of ['one', 'two']) {
      expect(platform.app(name).url).toMatch(/^https:/);
      expect(await text(platform.app(name).fetch('/'))).toBe(name);
    }
  });

  test.each([
    { method: 'POST', code: 303, arrives: 'GET /end https' },
    { method: 'POST', code: 302, arrives: 'GET /end https' },
    { method: 'PUT', code: 302, arrives: 'PUT /end https' },
    { method: 'POST', code: 307, arrives: 'POST /end https' },
  ])('$method is sent on by $code as the fetch standard has it', async ({ method, code, arrives }) => {
    const platform = await started({ folder: sendsOn(), tls: true });
    const answer = await platform.fetch(`/to/${code}`, {
      method,
      body: 'x',
      headers: { 'content-type': 'text/x' },
    });
    const told = await answer.text();
    expect(told).toContain(arrives);
    expect(told).toMatch(arrives.startsWith('GET') ? / - $/ : / text\/x x$/);
  });

  test('redirects that go on for ever, or are not wanted', async () => {
    const platform = await started({ folder: sendsOn(), tls: true });
    await expect(platform.fetch('/loop')).rejects.toThrow('Redirected more than 20 times');
    await expect(platform.fetch('/to/302', { redirect: 'error' })).rejects.toThrow('Redirected to "/end"');
    const manual = await platform.fetch('/to/302', { redirect: 'manual' });
    expect([manual.status, manual.headers.get('location')]).toEqual([302, '/end']);
  });

  test('without it there is none of it', async () => {
    const platform = await started({ folder: cacheApp() });
    expect(platform.caFile).toBeUndefined();
    expect(platform.url).toMatch(/^http:/);
    expect(platform.app('shop').env.PAAS_LOCAL_CA_FILE).toBeUndefined();
  });
});
