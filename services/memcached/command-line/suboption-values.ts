/** The values of `-o` settings, and what memcached says to wrong ones. All throw an `Ending` then. */
import { EXIT, failure } from './ending.ts';
import { int32, uint32 } from '../protocol/numbers.ts';
import { leadingFloat, leadingInt } from './numbers.ts';

type Value = string | undefined;

const KB = 1024;
const MB = 1024 * KB;
const CRAWLER_SLEEP_MAX = 1_000_000;
const HASH_POWER_LEAST = 12;
const HASH_POWER_MOST = 32;
/** No item fits a chunk of fewer bytes: such numbers are kilobytes, as all are in later versions. */
const CHUNK_BYTES_LEAST = 128;

export const HASHES: readonly string[] = ['jenkins', 'murmur3', 'xxh3'];

export function hashPower(value: Value): number {
  const power = leadingInt(given(value, 'Missing numeric argument for hashpower'));
  check(power >= HASH_POWER_LEAST, `Initial hashtable multiplier of ${power} is too low`);
  check(
    power <= HASH_POWER_MOST,
    `Initial hashtable multiplier of ${power} is too high\n` +
      'Choose a value based on "STAT hash_power_level" from a running instance',
  );
  return power;
}

export function slabAutomove(value: Value): number {
  const level = value === undefined ? 1 : leadingInt(value);
  check(level >= 0 && level <= 2, 'slab_automove must be between 0 and 2');
  return level;
}

export function automoveRatio(value: Value): number {
  const ratio = leadingFloat(given(value, 'Missing slab_automove_ratio argument'));
  check(ratio > 0 && ratio <= 1, 'slab_automove_ratio must be > 0 and < 1');
  return ratio;
}

export function automoveWindow(value: Value): number {
  const window = leadingInt(given(value, 'Missing slab_automove_window argument'));
  check(window >= 3, 'slab_automove_window must be > 2');
  return window;
}

export function tailRepair(value: Value): number {
  const seconds = leadingInt(given(value, 'Missing numeric argument for tail_repair_time'));
  check(seconds >= 10, 'Cannot set tail_repair_time to less than 10 seconds');
  return seconds;
}

export function hashAlgorithm(value: Value): string {
  const hash = given(value, 'Missing hash_algorithm argument');
  check(HASHES.includes(hash), 'Unknown hash_algorithm option (jenkins, murmur3, xxh3)');
  return hash;
}

export function crawlerSleep(value: Value): number {
  const sleep = leadingInt(given(value, 'Missing lru_crawler_sleep value'));
  check(sleep >= 0 && sleep <= CRAWLER_SLEEP_MAX, 'LRU crawler sleep must be between 0 and 1 second');
  return sleep;
}

export function crawlerToCrawl(value: Value): number {
  const items = uint32(given(value, 'Missing lru_crawler_tocrawl value'));
  return known(items, 'lru_crawler_tocrawl takes a numeric 32bit value');
}

export function percent(name: string): (value: Value) => number {
  return (value) => {
    const number = leadingInt(given(value, `Missing ${name} argument`));
    check(number >= 1 && number < 80, `${name} must be > 1 and < 80`);
    return number;
  };
}

export function factor(name: string): (value: Value) => number {
  return (value) => {
    const number = leadingFloat(given(value, `Missing ${name} argument`));
    check(number > 0, `${name} must be > 0`);
    return number;
  };
}

export function temporaryTtl(value: Value): number {
  return leadingInt(given(value, 'Missing temporary_ttl argument')) >>> 0;
}

export function idleTimeout(value: Value): number {
  return leadingInt(given(value, 'Missing numeric argument for idle_timeout'));
}

export function kilobytes(name: string): (value: Value) => number {
  return (value) => {
    const number = uint32(given(value, `Missing ${name} argument`));
    return known(number, `could not parse argument to ${name}`) * KB;
  };
}

export function slabChunkMax(value: Value): number {
  const text = given(value, 'Missing slab_chunk_max argument');
  const number = known(int32(text), 'could not parse argument to slab_chunk_max');
  return number > 0 && number < CHUNK_BYTES_LEAST ? number * KB : number;
}

export function readBufferLimit(value: Value): number {
  const megabytes = uint32(given(value, 'Missing read_buf_mem_limit argument'));
  return known(megabytes, 'could not parse argument to read_buf_mem_limit') * MB;
}

export function given(value: Value, missing: string): string {
  check(value !== undefined, missing);
  return value!;
}

function known(value: number | undefined, wrong: string): number {
  check(value !== undefined, wrong);
  return value!;
}

function check(valid: boolean, wrong: string): void {
  if (!valid) throw failure(EXIT.failure, wrong);
}
