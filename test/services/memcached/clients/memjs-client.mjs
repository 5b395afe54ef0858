/** `memjs` of npm: binary protocol, with SASL where a user is given. */
import assert from 'node:assert/strict';
import memjs from 'memjs';

const [server, username, password] = process.argv.slice(2);
const options = { retries: 1, timeout: 5, ...(username ? { username, password } : {}) };
const client = memjs.Client.create(server, options);

await client.flush();
assert.equal(await client.set('key', 'value', { expires: 100 }), true);
assert.equal((await client.get('key')).value.toString(), 'value');
assert.equal((await client.get('none')).value, null);
assert.equal(await client.add('new', '1', {}), true);
assert.equal(await client.add('new', '2', {}), false);
assert.equal(await client.replace('new', '2', {}), true);
// Its `prepend` sends the request that appends, hence not tried.
assert.equal(await client.append('new', '3'), true);
assert.equal((await client.get('new')).value.toString(), '23');
assert.equal((await client.increment('counter', 5, { initial: 10 })).value, 10);
assert.equal((await client.increment('counter', 5, {})).value, 15);
assert.equal((await client.decrement('counter', 100, {})).value, 0);
assert.equal(await client.touch('key', 100), true);
assert.equal(await client.delete('new'), true);
assert.equal(await client.delete('new'), false);
const big = Buffer.alloc(900_000, 'x');
assert.equal(await client.set('big', big, {}), true);
assert.ok((await client.get('big')).value.equals(big));
const keys = Array.from({ length: 300 }, (_, i) => `many${i}`);
await Promise.all(keys.map((key) => client.set(key, key, {})));
for (const key of keys) assert.equal((await client.get(key)).value.toString(), key);
client.close();

if (username) {
  const stranger = memjs.Client.create(server, { ...options, password: 'wrong', retries: 0 });
  await assert.rejects(stranger.get('key'));
  stranger.close();
}
console.log('ok');
