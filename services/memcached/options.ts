import { ServiceError } from '../kit/service-error.ts';

/** What a cache service instance can be told, with the platform's defaults. */
export interface MemcachedOptions {
  /** Memory for items, in MB. */
  readonly memoryMb: number;
  /** Clients served at once; one more is told so and closed. */
  readonly maxClients: number;
  /** Clients must authenticate, in the binary protocol, with the instance's user and password. */
  readonly sasl: boolean;
  /** Largest item in bytes, its header (56 bytes) and key included. */
  readonly itemSizeBytes: number;
}

const KB = 1024;
const MB = 1024 * KB;
const MEMORY_MB_MAX = 4000;
const CLIENTS_MAX = 65_536;

export const DEFAULT_OPTIONS: MemcachedOptions = {
  memoryMb: 16,
  maxClients: 500,
  sasl: false,
  itemSizeBytes: MB,
};

/** The spellings of each option; the second of a pair is the platform node's own. */
const READERS: Readonly<Record<string, (value: unknown, path: string) => Partial<MemcachedOptions>>> = {
  memory: readMemory,
  memcached_memory: readMemory,
  max_clients: readClients,
  sasl: readSasl,
  sasl_enabled: readSasl,
  item_size: (value, path) => ({ itemSizeBytes: readSize(value, path) }),
};

/**
 * Reads options as a manifest or the node's configuration gives them:
 * `memory` (MB), `max_clients`, `sasl`, `item_size` (bytes, or with suffix k or m).
 * @throws ServiceError `SERVICE_OPTIONS_INVALID`
 */
export function readOptions(raw: unknown): MemcachedOptions {
  if (raw === undefined || raw === null) return DEFAULT_OPTIONS;
  if (typeof raw !== 'object' || Array.isArray(raw)) throw invalid('', 'expected a mapping of options');
  let options = DEFAULT_OPTIONS;
  for (const [key, value] of Object.entries(raw)) {
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
    if (!reader) throw invalid(key, `unknown option "${key}"; known: memory, max_clients, sasl, item_size`);
    if (value !== undefined) options = { ...options, ...reader(value, key) };
  }
  if (options.itemSizeBytes > (options.memoryMb * MB) / 2) {
    throw invalid('item_size', '"item_size" is at most half of "memory"');
  }
  return options;
}

function readMemory(value: unknown, path: string): Partial<MemcachedOptions> {
  const text = typeof value === 'string' ? value.replace(/\s*mb?$/i, '') : value;
  return { memoryMb: whole(text, path, 1, MEMORY_MB_MAX) };
}

function readClients(value: unknown, path: string): Partial<MemcachedOptions> {
  return { maxClients: whole(value, path, 1, CLIENTS_MAX) };
}

function readSasl(value: unknown, path: string): Partial<MemcachedOptions> {
  if (value === true || value === 'true') return { sasl: true };
  if (value === false || value === 'false') return { sasl: false };
  throw invalid(path, `"${path}" is true or false`);
}

function readSize(value: unknown, path: string): number {
  const [, count = '', unit = ''] = /^(\d+)\s*([km]?)b?$/i.exec(String(value)) ?? [];
  if (count === '') throw invalid(path, `"${path}" is a number of bytes, or a number followed by k or m`);
  const factor = unit === '' ? 1 : unit.toLowerCase() === 'k' ? KB : MB;
  return whole(Number(count) * factor, path, KB, KB * MB);
}

function whole(value: unknown, path: string, least: number, most: number): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most) {
    throw invalid(path, `"${path}" is a whole number from ${least} to ${most}`);
  }
  return number;
}

function invalid(path: string, message: string): ServiceError {
  return new ServiceError('SERVICE_OPTIONS_INVALID', message, { path });
}
