import { ServiceError } from '../kit/service-error.ts';
import type { NodeConfig } from '../kit/contract.ts';

/** What a cache service instance is. */
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

/** What the manifest says of an instance; the node's configuration says the rest. */
export type GivenOptions = Partial<MemcachedOptions>;

const KB = 1024;
const MB = 1024 * KB;
const MEMORY_MB_MAX = 4000;
const CLIENTS_MAX = 65_536;

const DEFAULT_ITEM_BYTES = MB;

type Reader = (value: unknown, path: string) => GivenOptions;

/** The platform node's own spellings. */
const NODE_READERS: Readonly<Record<string, Reader>> = {
  memcached_memory: readMemory,
  max_clients: readClients,
  sasl_enabled: readSasl,
};

/** The spellings of a manifest. */
const READERS: Readonly<Record<string, Reader>> = {
  ...NODE_READERS,
  memory: readMemory,
  sasl: readSasl,
  item_size: (value, path) => ({ itemSizeBytes: readSize(value, path) }),
};

/**
 * Reads options as a manifest gives them:
 * `memory` (MB), `max_clients`, `sasl`, `item_size` (bytes, or with suffix k or m).
 * @throws ServiceError `SERVICE_OPTIONS_INVALID`
 */
export function readOptions(raw: unknown): GivenOptions {
  if (raw === undefined || raw === null) return {};
  if (typeof raw !== 'object' || Array.isArray(raw)) throw invalid('', 'expected a mapping of options');
  let options: GivenOptions = {};
  for (const [key, value] of Object.entries(raw)) {
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
    if (!reader) throw invalid(key, `unknown option "${key}"; known: memory, max_clients, sasl, item_size`);
    if (value !== undefined) options = { ...options, ...reader(value, key) };
  }
  if (options.memoryMb !== undefined) checkItemSize(options.itemSizeBytes ?? 0, options.memoryMb);
  return options;
}

/**
 * What an instance is when it starts: what the manifest says, and the node where that is silent.
 * @throws ServiceError `SERVICE_OPTIONS_INVALID`
 */
export function resolveOptions(given: GivenOptions, node: NodeConfig): MemcachedOptions {
  const options = {
    ...readNode(node),
    itemSizeBytes: Math.min(DEFAULT_ITEM_BYTES, ((given.memoryMb ?? readNode(node).memoryMb) * MB) / 2),
    ...given,
  };
  checkItemSize(options.itemSizeBytes, options.memoryMb);
  return options;
}

/** The node's keys as options. Others are not ours to read. @throws ServiceError `SERVICE_OPTIONS_INVALID` */
export function readNode(node: NodeConfig): Omit<MemcachedOptions, 'itemSizeBytes'> {
  let options: GivenOptions = {};
  for (const [key, reader] of Object.entries(NODE_READERS)) {
    options = { ...options, ...reader(node[key], key) };
  }
  return options as MemcachedOptions;
}

function checkItemSize(itemSizeBytes: number, memoryMb: number): void {
  if (itemSizeBytes > (memoryMb * MB) / 2) {
    throw invalid('item_size', '"item_size" is at most half of "memory"');
  }
}

function readMemory(value: unknown, path: string): GivenOptions {
  const text = typeof value === 'string' ? value.replace(/\s*mb?$/i, '') : value;
  return { memoryMb: whole(text, path, 1, MEMORY_MB_MAX) };
}

function readClients(value: unknown, path: string): GivenOptions {
  return { maxClients: whole(value, path, 1, CLIENTS_MAX) };
}

function readSasl(value: unknown, path: string): GivenOptions {
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

export function whole(value: unknown, path: string, least: number, most: number): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most) {
    throw invalid(path, `"${path}" is a whole number from ${least} to ${most}`);
  }
  return number;
}

function invalid(path: string, message: string): ServiceError {
  return new ServiceError('SERVICE_OPTIONS_INVALID', message, { path });
}
