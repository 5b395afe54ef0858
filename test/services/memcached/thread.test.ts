import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memcached } from '../../../services/memcached/index.ts';
import { serviceContext } from '../helpers.ts';

const start = () => memcached.start({}, serviceContext(memcached));
/** Every thread of this process, its libraries' included, but for one that is just ending: it is listed a moment longer. */
const threads = () => readdirSync('/proc/self/task').filter((thread) => !isEnding(thread)).length;

/** The kernel's flag for a thread that has begun to end, as in `include/linux/sched.h`. */
const PF_EXITING = 4;

function isEnding(thread: string): boolean {
  try {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
    const flags = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6];
    return (Number(flags) & PF_EXITING) !== 0;
  } catch {
    return true;
  }
}

test('caches share a thread, which ends with the last of them', async () => {
  await (await start())[Symbol.asyncDispose]();
  const before = threads();
  const first = await start();
  const withOne = threads();
  const second = await start();
  expect(threads()).toBe(withOne);
  await first[Symbol.asyncDispose]();
  expect(await second.stats()).toMatchObject({ curr_items: 0 });
  await second[Symbol.asyncDispose]();
  await expect.poll(threads).toBe(before);
});

test('what was prepared serves the next cache, and goes when it is let go', async () => {
  await (await start())[Symbol.asyncDispose]();
  const before = threads();
  const prepared = memcached.prepare!();
  const cache = await start();
  const withOne = threads();
  await cache[Symbol.asyncDispose]();
  expect(threads()).toBe(withOne);
  await prepared[Symbol.asyncDispose]();
  await expect.poll(threads).toBe(before);
});

test('prepared and let go at once, it is as if nothing had been', async () => {
  await memcached.prepare!()[Symbol.asyncDispose]();
  const cache = await start();
  expect(await cache.stats()).toMatchObject({ curr_items: 0 });
  await cache[Symbol.asyncDispose]();
});

test('a start that is cut short leaves the other caches alone', async () => {
  const other = await start();
  const cut = new AbortController();
  const starting = memcached.start({}, { ...serviceContext(memcached), signal: cut.signal });
  cut.abort(new Error('no longer wanted'));
  await expect(starting).rejects.toThrow('no longer wanted');
  expect(await other.stats()).toMatchObject({ curr_items: 0 });
  await other[Symbol.asyncDispose]();
});
