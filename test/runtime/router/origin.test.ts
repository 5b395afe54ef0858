/** What pages of other sites get to see of the router's own answers: the platform's sentence, and nothing of ours. */
import { describe, expect, test } from 'vitest';
import { ask, entry, httpBackend, RawClient, startRouter } from './helpers.ts';

const CRASHED = entry([], {
  app: 'shop',
  state: 'crashed',
  reason: 'exited with status 1',
  lastLogLines: () => ['the secret of the log'],
});
const PAGE = { Accept: 'text/html' };

const details = (port: number, host: string, headers: Record<string, string>) =>
  ask(port, { host, headers: { ...PAGE, ...headers } });

describe('an answer of the router', () => {
  test.each([
    ['another site', { Origin: 'https://evil.example' }],
    ['another app of this machine', { Origin: 'http://other.localhost:PORT' }],
    ['another port', { Origin: 'http://app.localhost:1' }],
    ['a page without an origin', { Origin: 'null' }],
    ['a page that embeds it', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }],
  ])('tells nothing of what runs here to %s', async (_who, headers) => {
    const { port } = await startRouter([CRASHED]);
    const told = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value).replace('PORT', String(port))]),
    );
    const crashed = await details(port, 'app.localhost', told);
    expect(crashed.status).toBe(503);
    expect(crashed.body).not.toMatch(/secret|shop|exited/);
    const unknown = await details(port, 'nosuch.localhost', told);
    expect(unknown.status).toBe(404);
    expect(unknown.body).not.toContain('app.localhost');
    for (const { headers: answer } of [crashed, unknown]) {
      expect(answer['access-control-allow-origin']).toBeUndefined();
      expect(answer['cross-origin-resource-policy']).toBe('same-origin');
      expect(answer['content-security-policy']).toContain("frame-ancestors 'none'");
    }
  });

  test.each([
    ['its own page', { Origin: 'http://app.localhost:PORT', 'Sec-Fetch-Site': 'same-origin' }],
    ['a person who follows a link', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }],
    ['a tool', {}],
  ])('tells all to %s', async (_who, headers) => {
    const { port } = await startRouter([CRASHED]);
    const told = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value).replace('PORT', String(port))]),
    );
    expect((await details(port, 'app.localhost', told)).body).toContain('the secret of the log');
  });

  test('tells nothing to the WebSocket of another site', async () => {
    const { port } = await startRouter([CRASHED]);
    const client = await RawClient.connect(port);
    client.write(
      `GET / HTTP/1.1\r\nHost: app.localhost:${port}\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    const answer = await client.untilClosed();
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).not.toContain('secret');
  });
});

test('what goes to an app is the app’s to judge: its Origin arrives as it was sent', async () => {
  const app = await httpBackend((request, response) => response.end(request.headers.origin));
  const { port } = await startRouter([entry([app.port])]);
  const { body } = await ask(port, { host: 'app.localhost', headers: { Origin: 'https://evil.example' } });
  expect(body).toBe('https://evil.example');
});
