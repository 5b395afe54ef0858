import { describe, expect } from 'vitest';
import { test } from 'paas-local/vitest';

const KEY = 'quote:ada';

async function ask(platform, name = 'ada') {
  const answer = await platform.fetch(`/quotes/${name}`);
  return { status: answer.status, from: answer.headers.get('x-from'), text: await answer.text() };
}

describe('hit and miss', () => {
  test('the first request asks the source, the second does not', async ({ platform }) => {
    expect(await ask(platform)).toMatchObject({ status: 200, from: 'source' });
    expect(await ask(platform)).toMatchObject({ status: 200, from: 'cache' });
    const asked = platform.app('quotes').logs.lines().filter(({ text }) => text.startsWith('source asked'));
    expect(asked).toHaveLength(1);
  });

  test('a quote is kept for ten minutes', async ({ platform }) => {
    await ask(platform);
    const commands = await platform.service('quotes-cache').commands();
    expect(commands).toMatchObject([
      { command: 'get', keys: [KEY], misses: 1 },
      { command: 'set', keys: [KEY], ttlSeconds: 600 },
    ]);
  });

  test('what is in the cache is served as it is', async ({ platform }) => {
    await platform.service('quotes-cache').set(KEY, 'Something else.');
    expect(await ask(platform)).toMatchObject({ from: 'cache', text: 'Something else.\n' });
  });

  test('what does not exist is not kept', async ({ platform }) => {
    expect((await ask(platform, 'nobody')).status).toBe(404);
    expect(await platform.service('quotes-cache').entries()).toEqual([]);
  });
});

describe('expiry', () => {
  test('after its time a quote comes from the source again', async ({ platform }) => {
    await ask(platform);
    expect(await platform.service('quotes-cache').expire(KEY)).toBe(1);
    expect(await ask(platform)).toMatchObject({ from: 'source' });
  });

  test('so it does when memory ran out', async ({ platform }) => {
    await ask(platform);
    await platform.service('quotes-cache').evict();
    expect(await ask(platform)).toMatchObject({ from: 'source' });
  });
});

describe('outage', () => {
  test('without its cache the app is slower, not broken, and recovers', async ({ platform }) => {
    const cache = platform.service('quotes-cache');
    await ask(platform);
    await cache.down();
    expect(await ask(platform)).toMatchObject({ status: 200, from: 'source, without cache' });
    await cache.up();
    expect(await ask(platform)).toMatchObject({ status: 200, from: 'cache' });
  });

  test('a cache that hangs is given up after a second', async ({ platform }) => {
    await platform.service('quotes-cache').freeze();
    expect(await ask(platform)).toMatchObject({ status: 200, from: 'source, without cache' });
    expect(platform.app('quotes').logs.text()).toContain('the cache does not answer');
  });

  test('one failed request does no harm', async ({ platform }) => {
    await platform.service('quotes-cache').failNext(1, 'out of memory storing object');
    expect(await ask(platform)).toMatchObject({ status: 200, from: 'source, without cache' });
    expect(await ask(platform)).toMatchObject({ status: 200, from: 'source' });
  });

  test('a crash is survived: the next request waits for the new process', async ({ platform }) => {
    await platform.app('quotes').crash();
    expect((await ask(platform)).status).toBe(200);
  });
});
