/**
 * A cache, and an index, in a process that the system gives little more memory than it has: run as a program by
 * `out-of-memory.test.ts`. Prints what came of it as JSON.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Arena } from '../../../../services/memcached/store/arena.ts';
import { createServer } from '../../../../services/memcached/server.ts';
import { HashIndex } from '../../../../services/memcached/store/hash-index.ts';
import { exchange } from './exchange.ts';

const MB = 1024 * 1024;
/** For Node itself, which ends where it is refused a few megabytes. */
const SPARE_BYTES = 100 * MB;
/** A table of 64 MB, so that one twice as large is refused. */
const POWER = 23;
const ITEMS = 20_000;

const index = new HashIndex(new Arena(0), POWER);
const cache = await createServer({ memoryBytes: 1024 * MB });
const [, kilobytes] = /^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))!;
const most = Number(kilobytes) * 1024 + SPARE_BYTES;
execFileSync('prlimit', ['--pid', String(process.pid), `--as=${most}`]);

const value = Buffer.alloc(5000, 'x');
for (let at = 0; at < ITEMS; at++) cache.set(`key${at}`, value);
let refusedAt = 0;
for (let item = 1; refusedAt === 0 && item < 2 ** POWER; item++) {
  if (!index.insert(item, Math.imul(item, 0x9e3779b1))) refusedAt = item;
}
console.log(
  JSON.stringify({
    stats: cache.stats(),
    last: (await exchange(cache.port, [`get key${ITEMS - 1}\r\n`])).length,
    index: { refusedAt, slots: 2 ** index.power },
  }),
);
await cache.stop();
