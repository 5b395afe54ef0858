/** Statistics and logs beside the reference's, after the same traffic: names, order and values. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { bothServers, referenceObstacle } from './helpers/both.ts';
import { converse } from './helpers/conversation.ts';
import { exchange } from './helpers/exchange.ts';

const obstacle = referenceObstacle('comparison of statistics');
const line = (text: string) => `${text}\r\n`;
const store = (command: string, value: string) => `${command} ${value.length}\r\n${value}\r\n`;

/** Every command, hits and misses; one by one, since in a pipeline memcached replaces what it would change in place. */
const TRAFFIC: readonly string[] = [
  store('set a 0 0', 'x'), 'get a b a', store('set e 0 -1', 'x'), 'get e', 'get a e', 'incr n 1', store('set n 5 0', '10'),
  'incr n 5', 'decr n 1', 'decr nn 1', store('set w 0 0', 'word'), 'incr w 1', 'touch a 0', 'touch zz 0', 'gat 100 a zz', 'gats 0 a',
  'delete zz', 'delete a', 'gets n', 'cas q 0 0 1 1\r\nx\r\n', 'mg n v', 'mg nothing v', store('ms m', 'hi'),
  'ma n', 'ma nothing', 'md m', 'md m', 'mn', 'me n', store('set l 0 0', 'v'.repeat(30_000)), 'get l', `set big 0 0 2000000\r\n${'v'.repeat(2_000_000)}`,
  'bad', 'verbosity 0', store('set z 0 0', 'abc'), store('append z 0 0', 'de'), store('prepend y 0 0', 'x'), store('add z 0 0', 'x'), store('replace z 0 0', 'yy'),
  store('add new.one 0 0', 'x'), 'delete new.one', 'flush_all', 'get l', 'get z', store('set user:1 7 0', 'abc'), 'get user:1 user:2', 'mg user:1 v', 'mg user:2 v',
  'mg zz T60 v', 'mg user:3 T60', 'mg user:1 T0 v', 'mg user:4 N30 T60 v', 'mg user:4 v t', 'md user:4', 'md user:4', 'version',
].map((text) => text.endsWith('\r\n') ? text : line(text)); // prettier-ignore

/** What is the process's, the machine's or the clock's, and what depends on the threads and buffers memcached has. */
const OWN: ReadonlySet<string> = new Set([
  'pid', 'uptime', 'time', 'libevent', 'rusage_user', 'rusage_system', 'response_obj_count', 'response_obj_bytes', 'read_buf_count', 'read_buf_bytes',
  'read_buf_bytes_free', 'tcpport', 'inter', 'hash_bytes', 'connection_structures', 'bytes_written', 'age', 'secs_since_last_cmd', 'oldest',
]); // prettier-ignore

/** What is done in the background, sooner or later. */
const OWN_AND_LATER: ReadonlySet<string> = new Set([
  ...OWN, 'lru_crawler_starts', 'lru_crawler_running', 'lru_maintainer_juggles', 'reclaimed', 'crawler_reclaimed', 'crawler_items_checked', 'expired_unfetched',
  'get_flushed', 'get_expired', 'direct_reclaims', 'moves_to_cold', 'moves_to_warm', 'moves_within_lru', 'number_hot', 'number_warm', 'number_cold', 'age_hot',
  'age_warm', 'lrutail_reflocked', 'total_items', 'hits_to_hot', 'hits_to_warm', 'hits_to_cold', 'curr_items', 'bytes', 'used_chunks', 'free_chunks', 'mem_requested', 'number',
]); // prettier-ignore

/** Statistics with their values, but for those of `own`. */
function rows(answer: string, own: ReadonlySet<string>): string[] {
  return answer
    .split('\r\n')
    .map((row) => {
      const [stat, name = '', value = ''] = row.split(' ');
      if (stat !== 'STAT') return row;
      const shown = own.has(name.split(':').at(-1)!) ? 'OWN' : masked(value);
      return `${name.replace(/^\d+(?=:(addr|listen_addr|state|secs_since_last_cmd)$)/, 'N')} ${shown}`;
    })
    .filter((row) => own === OWN || !/^(items:)?27:/.test(row)); // the class of `l`, which goes sooner or later
}

const masked = (text: string) => text.replaceAll(/(127\.0\.0\.1:)\d+/g, '$1PORT');
const COUNTS = ['', ' settings', ' items', ' slabs', ' conns'];
const NO_BACKGROUND = { lruSegmented: false, lruMaintainer: false, lruCrawler: false };

describe.each([
  ['with what goes on in the background', [], {}, OWN_AND_LATER, COUNTS],
  ['without', ['-o', 'no_lru_maintainer,no_lru_crawler'], NO_BACKGROUND, OWN, [...COUNTS, ' sizes', ' detail dump', ' cachedump 1 0', ' reset', ' nonsense']],
] as const)('statistics %s', (_, flags, settings, own, kinds) => {
  describe.skipIf(obstacle)('are those of the reference', () => {
    const ask = bothServers(['-o', 'track_sizes', '-D', ':', ...flags], { trackSizes: true, detail: true, ...settings });

    test.each(kinds)(
      'stats%s',
      async (which) => {
        const { mine, theirs } = await ask(async (port) => {
          const end = { request: Buffer.from('mn\r\n'), whole: (received: Buffer) => received.toString('latin1').endsWith('MN\r\n') };
          const requests = [...TRAFFIC.filter((request) => request !== line('mn')), line(`stats${which}`), line('stats')];
          const answers = await converse(port, requests.map((request) => Buffer.from(request)), end);
          return answers.slice(-2).map((answer) => rows(answer.toString('latin1'), own));
        });
        expect(mine[0]).toEqual(theirs[0]);
        // And so are the counters, also after a reset.
        expect(mine[1]).toEqual(theirs[1]);
      },
    );
  });
}); // prettier-ignore

describe.skipIf(obstacle)('statistics of threads are those of the reference', () => {
  const ask = bothServers(['-t', '3'], { threads: 3 });

  test.each(['stats\r\n', 'stats settings\r\n'])('%j', async (request) => {
    const { mine, theirs } = await ask(async (port) => statsOf(await exchange(port, [request])));
    for (const name of ['threads', 'reserved_fds', 'num_threads', 'num_threads_per_udp'])
      expect([name, mine[name]]).toEqual([name, theirs[name]]);
  });
});

describe.skipIf(obstacle)('logs are those of the reference', () => {
  // Nothing goes on in the background, so that what is expired or flushed is met by who asks for it.
  const ask = bothServers(['-m', '2', '-I', '512k', '-o', 'no_lru_maintainer,no_lru_crawler'], { memoryBytes: 2 * 2 ** 20, itemSizeMax: 2 ** 19, lruSegmented: false, lruMaintainer: false, lruCrawler: false }); // prettier-ignore
  const large = Array.from({ length: 12 }, (_, at) => store(`set l${at} 0 0`, 'v'.repeat(250_000)));
  const odd = [store('set odd%20\x01\xff 0 0', 'x'), 'get odd%20\x01\xff\r\n', store('set h 0 100', 'x')];

  test.each([
    ['fetchers', TRAFFIC],
    ['mutations', [...TRAFFIC, ...odd]],
    ['fetchers mutations', odd],
    ['evictions', large],
    ['connevents', TRAFFIC.slice(0, 3)],
  ])('watch %s', async (what, traffic) => {
    const { mine, theirs } = await ask((port) => logOf(port, what, traffic));
    expect(mine).toEqual(theirs);
    expect(mine.length).toBeGreaterThan(1);
  });
});

/** The lines of a log while requests are made one by one, each by a client of its own. */
async function logOf(port: number, what: string, requests: readonly string[]): Promise<string[]> {
  const watcher = connect({ port, host: '127.0.0.1' });
  let log = '';
  watcher.setEncoding('latin1').on('data', (text: string) => (log += text));
  const seen = (pattern: RegExp) => log.match(pattern)?.length ?? 0;
  try {
    await once(watcher, 'connect');
    watcher.write(line(`watch ${what}`));
    await until(() => log.startsWith('OK\r\n'));
    for (const request of requests) await exchange(port, [Buffer.from(request, 'latin1')]);
    // Something that ends the log.
    await exchange(port, [store('set last 0 0', 'x'), 'get last\r\n']);
    if (what === 'evictions') {
      const { evictions } = statsOf(await exchange(port, ['stats\r\n']));
      await until(() => seen(/type=eviction/g) >= Number(evictions));
    } else if (what === 'connevents') {
      await until(() => seen(/type=conn_close/g) > requests.length);
    } else {
      const wanted = { fetchers: 2, mutations: 1, 'fetchers mutations': 3 }[what]!;
      await until(() => seen(/key=last/g) >= wanted);
    }
  } finally {
    watcher.destroy();
  }
  return log
    .split('\n')
    .slice(1, -1)
    .map((row) => row.replaceAll(/\b(ts|gid|cfd|rport|la)=-?[\d.]+|\b(ttl)=\d{10}/g, '$1$2=N'))
    .map((row) => (row.includes('status=too_large') ? row.replace(/clsid=\d+/, 'clsid=N') : row)); // not set there
}

function statsOf(answer: Buffer): Record<string, string> {
  const found = answer.toString('latin1').matchAll(/^STAT (\S+) (\S+)/gm);
  return Object.fromEntries(Array.from(found, ([, name, value]) => [name!, value!]));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
