/** What a cache holds, kept and put back, in the caller's thread and in the thread of caches. */
import { describe, expect, test } from 'vitest';
import { Wire } from '../../../services/kit/wire.ts';
import { memcached } from '../../../services/memcached/index.ts';
import { serviceContext, startService } from '../helpers.ts';

const MANY = 20_000;
const LARGE_BYTES = 700 * 1024;

describe.each([
  ['in this thread', true],
  ['in the thread of caches', false],
])('%s', (_, sameThread) => {
  const begin = async () => {
    const instance = await startService(memcached, serviceContext(memcached, { sameThread }));
    const { host, port } = instance.endpoint;
    const wire = await Wire.open({ host, port, timeoutMs: 100_000 });
    const say = async (text: string): Promise<string> => {
      wire.write(text);
      return wire.readLine();
    };
    return { instance, wire, say };
  };

  test('items of every kind come back, and later ones are gone; clients stay connected', async () => {
    const { instance, wire, say } = await begin();
    using _open = wire;
    const large = 'x'.repeat(LARGE_BYTES);
    for (const command of [
      'set plain 7 0 5\r\nvalue\r\n',
      'set empty 4294967295 0 0\r\n\r\n',
      'set mortal 0 1000 4\r\nsoon\r\n',
      `set large 0 0 ${LARGE_BYTES}\r\n${large}\r\n`,
      // A key that is no text, in base64.
      'ms gP/+ 1 b\r\nb\r\n',
    ])
      expect(await say(command)).toMatch(/^(STORED|HD)/);
    for (let number = 0; number < MANY; number++) wire.write(`set many${number} 0 0 1 noreply\r\n1\r\n`);
    // All of them have arrived once this is answered.
    expect(await say('mn\r\n')).toBe('MN');
    const copy = await instance.copy!();
    expect((await instance.stats()).curr_items).toBe(MANY + 5);
    expect(await say('set plain 0 0 5\r\nother\r\n')).toBe('STORED');
    expect(await say('set later 0 0 1\r\n1\r\n')).toBe('STORED');
    for (const _time of [1, 2]) {
      expect(await say('delete many7\r\n')).toBe('DELETED');
      await copy.restore();
      expect(await say('mg many7 v\r\n')).toBe('VA 1');
      expect(await wire.readLine()).toBe('1');
      expect(await say('get plain\r\n')).toBe('VALUE plain 7 5');
      expect([await wire.readLine(), await wire.readLine()]).toEqual(['value', 'END']);
      expect(await say('get later\r\n')).toBe('END');
      expect(await say('get empty\r\n')).toBe('VALUE empty 4294967295 0');
      expect([await wire.readLine(), await wire.readLine()]).toEqual(['', 'END']);
      expect(await say('mg mortal t\r\n')).toMatch(/^HD t(1000|9\d\d)$/);
      expect(await say('mg gP/+ b v\r\n')).toBe('VA 1');
      expect(await wire.readLine()).toBe('b');
      expect(await say('get large\r\n')).toBe(`VALUE large 0 ${LARGE_BYTES}`);
      expect((await wire.read(LARGE_BYTES)).toString() === large).toBe(true);
      expect([await wire.readLine(), await wire.readLine()]).toEqual(['', 'END']);
    }
    await copy[Symbol.asyncDispose]();
    await instance.reset();
    expect(await say('get plain\r\n')).toBe('END');
  });

  test('copies are kept apart, and of a cache that is stopped nothing is left to do', async () => {
    const { instance, wire, say } = await begin();
    using _open = wire;
    await say('set which 0 0 1\r\n1\r\n');
    const first = await instance.copy!();
    await say('set which 0 0 1\r\n2\r\n');
    const second = await instance.copy!();
    await first.restore();
    expect(await say('get which\r\n')).toBe('VALUE which 0 1');
    expect([await wire.readLine(), await wire.readLine()]).toEqual(['1', 'END']);
    await second.restore();
    await say('get which\r\n');
    expect([await wire.readLine(), await wire.readLine()]).toEqual(['2', 'END']);
    await instance[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  });
});
