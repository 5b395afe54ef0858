import { describe, expect, test } from 'vitest';
import { ask, entry, httpBackend, startRouter } from './helpers.ts';

describe('an unknown host', () => {
  test('is answered as on the platform', async () => {
    const { port } = await startRouter();
    const reply = await ask(port, { host: 'nobody.localhost' });
    expect(reply).toMatchObject({
      status: 404,
      body: "404 Not Found: Requested route ('nobody.localhost') does not exist.\n",
    });
    expect(reply.headers).toMatchObject({
      'x-cf-routererror': 'unknown_route',
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache, no-store',
    });
  });

  test('shows a browser what is running', async () => {
    const { port } = await startRouter([entry([1]), entry([], { host: 'b.localhost', app: '<b>' })]);
    const reply = await ask(port, { host: 'localhost', headers: { Accept: 'text/html,*/*;q=0.8' } });
    expect(reply.status).toBe(404);
    expect(reply.body).toContain(`<a href="http://app.localhost:${port}/">`);
    expect(reply.body).toContain('&lt;b&gt; (starting)');
    expect(reply.body).not.toContain('<script');
  });
});

test('plain localhost reaches the only app', async () => {
  const app = await httpBackend((_request, response) => response.end('only'));
  const { port } = await startRouter([entry([app.port])]);
  for (const host of ['localhost', '127.0.0.1', '[::1]']) {
    expect(await ask(port, { host })).toMatchObject({ status: 200, body: 'only' });
  }
});

test('a path route gets the path as it was sent, its prefix included', async () => {
  const tell = (name: string) => httpBackend((request, response) => response.end(`${name} ${request.url}`));
  const [root, shop, cart] = await Promise.all([tell('root'), tell('shop'), tell('cart')]);
  const { port } = await startRouter([
    entry([root.port], { app: 'root' }),
    entry([shop.port], { app: 'shop', path: '/shop' }),
    entry([cart.port], { app: 'cart', path: '/shop/cart' }),
  ]);
  const asked = ['/', '/shop', '/SHOP/x', '/shopping', '/shop/cart/1?a=/b', '/shop/cartoon'];
  const told = await Promise.all(asked.map((path) => ask(port, { path })));
  expect(told.map(({ body }) => body)).toEqual([
    'root /',
    'shop /shop',
    'shop /SHOP/x',
    'root /shopping',
    'cart /shop/cart/1?a=/b',
    'shop /shop/cartoon',
  ]);
});

test('a wildcard host gets every name below it that no other route has', async () => {
  const tell = (name: string) =>
    httpBackend((request, response) => response.end(`${name} ${request.headers.host}`));
  const [tenants, exact] = await Promise.all([tell('tenants'), tell('exact')]);
  const { port } = await startRouter([
    entry([tenants.port], { app: 'tenants', host: '*.shop.localhost' }),
    entry([exact.port], { app: 'exact', host: 'admin.shop.localhost' }),
  ]);
  for (const [host, name] of [
    ['one.shop.localhost', 'tenants'],
    ['a.b.Shop.localhost', 'tenants'],
    ['admin.shop.localhost', 'exact'],
  ] as const)
    expect((await ask(port, { host })).body).toBe(`${name} ${host}:${port}`);
  expect((await ask(port, { host: 'shop.localhost' })).status).toBe(404);
});
