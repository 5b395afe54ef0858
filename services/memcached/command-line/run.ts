/** `memcached [flags]`: the cache server as a program of its own, with memcached's command line. */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Cache, type CacheOptions } from '../cache.ts';
import { becomeUser } from './user.ts';
import { CacheSockets } from '../server/cache-sockets.ts';
import { detach, tellStarter, type Starter } from './daemon.ts';
import { Ending, EXIT, failure } from './ending.ts';
import { knownUsers } from './users.ts';
import { listen } from './listen.ts';
import { MovableClock } from '../store/movable-clock.ts';
import { PAGES_MAX, PAGE_BYTES } from '../store/arena.ts';
import { readCommandLine, type CommandLine } from './command-line.ts';
import { listening, slabTable } from '../server/narrate.ts';
import { removePidFile, writePidFile, writePortFile } from './files.ts';
import { untilStopped } from './until-stopped.ts';
import type { TextSink } from './standard-stream.ts';

export { standardStream } from './standard-stream.ts';

const LOCK_POWERS = [
  { threadsBelow: 3, power: 10 },
  { threadsBelow: 4, power: 11 },
  { threadsBelow: 5, power: 12 },
  { threadsBelow: 11, power: 13 },
  { threadsBelow: 21, power: 14 },
  { threadsBelow: Number.POSITIVE_INFINITY, power: 15 },
] as const;
/** memcached warns of more. */
const THREADS_MANY = 64;
const SEED_END = 2 ** 32;

export interface ProgramWorld {
  /** Without the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** How to start this program once more, for `-d`. */
  readonly starter: Starter;
}

/** @returns the exit code, when it was told to stop or could not start */
export async function runMemcached(world: ProgramWorld): Promise<number> {
  const say = (text: string) => void world.stderr.write(`${text}\n`);
  try {
    const line = readCommandLine(world.argv);
    const { daemon } = world.starter;
    if (line.daemon && !daemon) return await detach(line, world);
    return await serve(line, world, say);
  } catch (error) {
    if (!(error instanceof Ending)) throw error;
    if (world.starter.daemon) return tellStarter(world, { failed: error.exitCode, stderr: error.stderr });
    world.stdout.write(error.stdout);
    world.stderr.write(error.stderr);
    return error.exitCode;
  }
}

async function serve(line: CommandLine, world: ProgramWorld, say: (text: string) => void): Promise<number> {
  const { env, starter } = world;
  checkFileLimit(line);
  becomeUser(line.user, say);
  checkHashPower(line);
  const users = knownUsers(line, env.MEMCACHED_SASL_PWDB, say);
  const stop = untilStopped({ reload: () => users?.reload() });
  const cache = newCache({
    seed: randomInt(SEED_END),
    ...(line.debug ? { debugClock: new MovableClock(Date.now) } : {}),
    settings: { ...line.settings, memoryBytes: memoryLimit(line, say) },
    authentication: users?.authentication,
    ...(line.settings.verbosity > 1 ? { narrate: say } : {}),
    onShutdown: (graceful) => stop.now(graceful ? 'graceful' : 'normal'),
  });
  // memcached's own test-suite has it start as if so many bytes were taken.
  cache.store.presetBytes = Number(env.T_MEMD_INITIAL_MALLOC) || 0;
  cache.network.interfaces = line.interfaces;
  cache.network.socketMask = line.socketMask;
  cache.store.onShortage = (pages) => {
    const wanted = Math.floor(cache.settings.memoryBytes / PAGE_BYTES);
    if (pages < wanted) say(`-m: the system gives ${pages} of ${wanted} megabytes for items`);
  };
  if (line.settings.threads > THREADS_MANY) {
    say('WARNING: Setting a high number of workerthreads is not recommended.');
    say(' Set this value to the number of cores in your machine or less.');
  }
  sayWithoutEffect(line, say);
  if (cache.narrate) for (const text of slabTable(cache)) say(text);
  await using sockets = new CacheSockets(cache, true);
  const ports = await listen(sockets, line);
  sockets.maintain();
  if (cache.narrate) for (const text of listening(cache)) say(text);
  if (line.tcpPort > 0) cache.network.tcpPort = line.tcpPort;
  if (env.MEMCACHED_PORT_FILENAME && line.socketPath === undefined) {
    writePortFile(env.MEMCACHED_PORT_FILENAME, ports, say);
  }
  if (line.pidFile !== undefined) writePidFile(line.pidFile, process.pid, say);
  if (starter.daemon) tellStarter(world, { serving: process.pid });
  const how = await stop.told();
  if (how === 'graceful') say('Gracefully stopping');
  else if (cache.store.tuning.verbosity > 0) say('Exiting normally');
  if (line.daemon && line.pidFile !== undefined) removePidFile(line.pidFile, say);
  return EXIT.ok;
}

/** As with memcached, whose locks of items, more of them with more threads, must be fewer than its hash buckets. */
function checkHashPower({ settings: { hashPowerInit, threads } }: CommandLine): void {
  const locks = LOCK_POWERS.find(({ threadsBelow }) => threads < threadsBelow)!.power;
  if (hashPowerInit === 0 || hashPowerInit > locks) return;
  throw failure(
    EXIT.failure,
    `Hash table power size (${hashPowerInit}) cannot be equal to or less than item lock table (${locks})\n` +
      'Item lock table grows with `-t N` (worker threadcount)\n' +
      'Hash table grows with `-o hashpower=N` ',
  );
}

/** @throws Ending if there cannot be so large a hash table */
function newCache(options: CacheOptions): Cache {
  try {
    return new Cache(options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw failure(EXIT.failure, 'Failed to init hashtable.');
  }
}

/** memcached raises its limit of open files to that of connections; here the system's is all there is. */
function checkFileLimit({ settings }: CommandLine): void {
  let limits = '';
  try {
    limits = readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return; // no such file on this system
  }
  const [, hard] = /^Max open files\s+\S+\s+(\d+)/m.exec(limits) ?? [];
  if (hard === undefined || settings.maxConnections <= Number(hard)) return;
  throw failure(
    EXIT.osError,
    'failed to set rlimit for open files. Try starting as root or requesting smaller maxconns value.',
  );
}

/** As there, a negative limit is none. What one buffer of Node cannot hold is said; the limit is reported as it was given. */
function memoryLimit({ settings }: CommandLine, say: (text: string) => void): number {
  const most = PAGES_MAX * PAGE_BYTES;
  const wanted = settings.memoryBytes;
  if (wanted < 0 || wanted > most) say(`-m: the memory for items is at most ${PAGES_MAX} megabytes here`);
  return wanted < 0 ? most : wanted;
}

function sayWithoutEffect({ withoutEffect }: CommandLine, say: (text: string) => void): void {
  if (withoutEffect.size > 0) say(`without effect here: ${[...withoutEffect].join(', ')}`);
}
