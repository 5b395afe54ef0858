/** `memcached` of npm: text protocol. */
import assert from 'node:assert/strict';
import { promisify } from 'node:util';
import Memcached from 'memcached';

const client = new Memcached(process.argv[2]);
const call = (name, ...args) => promisify(client[name]).call(client, ...args);

await call('flush');
assert.equal(await call('set', 'key', 'value', 100), true);
assert.equal(await call('get', 'key'), 'value');
assert.equal(await call('get', 'none'), undefined);
await call('set', 'object', { a: [1, null] }, 100);
assert.deepEqual(await call('get', 'object'), { a: [1, null] });
await call('set', 'bytes', Buffer.from([0, 255, 13, 10]), 100);
assert.deepEqual(await call('get', 'bytes'), Buffer.from([0, 255, 13, 10]));
await call('set', 'number', 5, 100);
assert.equal(await call('incr', 'number', 3), 8);
assert.equal(await call('decr', 'number', 10), 0);
assert.equal(await call('incr', 'none', 1), false);
assert.equal(await call('add', 'new', '1', 100), true);
await assert.rejects(call('add', 'new', '2', 100));
assert.equal(await call('replace', 'new', '2', 100), true);
assert.equal(await call('append', 'new', '3'), true);
assert.equal(await call('prepend', 'new', '1'), true);
assert.equal(await call('get', 'new'), '123');
const { cas } = await call('gets', 'new');
assert.equal(await call('cas', 'new', 'x', cas, 100), true);
assert.equal(await call('cas', 'new', 'y', cas, 100), false);
assert.equal(await call('touch', 'new', 100), true);
assert.deepEqual(await call('getMulti', ['key', 'new', 'none']), { key: 'value', new: 'x' });
assert.equal(await call('del', 'new'), true);
assert.equal(await call('del', 'new'), false);
const [stats] = await call('stats');
assert.ok(stats.curr_items > 0);
assert.ok((await call('settings'))[0].maxbytes > 0);
assert.ok((await call('items')).length > 0);
const many = Array.from({ length: 500 }, (_, i) => [`many${i}`, 'x'.repeat(i)]);
await Promise.all(many.map(([key, value]) => call('set', key, value, 100)));
assert.deepEqual(
  await Promise.all(many.map(([key]) => call('get', key))),
  many.map(([, value]) => value),
);
client.end();
console.log('ok');
