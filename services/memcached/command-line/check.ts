import { EXIT, failure } from './ending.ts';
import { PAGE_BYTES } from '../store/arena.ts';
import { CHUNK_ALIGN, CLASSES_MAX } from '../store/slab-classes.ts';
import { ITEM_LEAST, ITEM_MOST, SHARES_MOST } from '../settings.ts';
import { uint32 } from '../protocol/numbers.ts';
import type { Draft } from './draft.ts';

const PORT_MOST = 65_535;

/** Settles what follows from other options, and refuses what does not go together. @throws Ending */
export function checkDraft(draft: Draft): void {
  const { settings } = draft;
  if (draft.napiIds > settings.threads) {
    throw usage(
      `Number of napi_ids(${draft.napiIds}) cannot be greater than number of threads(${settings.threads})`,
    );
  }
  checkItemSize(draft);
  if (draft.slabSizes !== undefined) settings.slabSizes = readSlabSizes(draft.slabSizes, draft);
  if (settings.hotPercent + settings.warmPercent > SHARES_MOST) {
    throw usage('hot_lru_pct + warm_lru_pct cannot be more than 80% combined');
  }
  if (settings.tempLru && !settings.lruMaintainer) {
    throw usage('temporary_ttl requires lru_maintainer to be enabled');
  }
  checkProtocol(draft);
  if (draft.udpGiven && draft.udpPort !== 0 && !draft.tcpGiven) draft.tcpPort = draft.udpPort;
  if (draft.tcpPort > PORT_MOST) throw usage(`ERROR: Invalid port number ${draft.tcpPort}.`);
}

function checkItemSize({ settings, slabChunkGiven }: Draft): void {
  const { itemSizeMax, memoryBytes } = settings;
  if (itemSizeMax < ITEM_LEAST) throw usage('Item max size cannot be less than 1024 bytes.');
  // As there, a negative limit is no limit.
  if (memoryBytes >= 0 && itemSizeMax > memoryBytes / 2) {
    throw usage('Cannot set item size limit higher than 1/2 of memory max.');
  }
  if (itemSizeMax > ITEM_MOST) throw usage('Cannot set item size limit higher than a gigabyte.');
  if (itemSizeMax > PAGE_BYTES && !slabChunkGiven) settings.slabChunkMax = PAGE_BYTES / 2;
  const chunk = settings.slabChunkMax;
  if (chunk > itemSizeMax) {
    throw usage(`slab_chunk_max (bytes: ${chunk}) cannot be larger than -I (item_size_max ${itemSizeMax})`);
  }
  if (chunk <= 0 || itemSizeMax % chunk !== 0) {
    throw usage(
      `-I (item_size_max: ${itemSizeMax}) must be evenly divisible by slab_chunk_max (bytes: ${chunk})`,
    );
  }
  if (PAGE_BYTES % chunk !== 0) {
    throw usage(`slab_chunk_max (bytes: ${chunk}) must divide evenly into ${PAGE_BYTES} (slab_page_size)`);
  }
}

function readSlabSizes(text: string, { settings }: Draft): readonly number[] {
  const sizes: number[] = [];
  let last = 0;
  for (const word of text.split('-').filter((part) => part !== '')) {
    const size = uint32(word);
    if (size === undefined || size < settings.chunkSize || size > settings.slabChunkMax) {
      throw usage(`slab size ${size ?? 0} is out of valid range`);
    }
    if (last >= size) {
      throw usage(`slab size ${size} cannot be lower than or equal to a previous class size`);
    }
    if (size <= last + CHUNK_ALIGN) {
      throw usage(`slab size ${size} must be at least ${CHUNK_ALIGN} bytes larger than previous class`);
    }
    sizes.push(size);
    last = size;
    if (sizes.length >= CLASSES_MAX - 1) throw usage('too many slab classes specified');
  }
  if (sizes.length === 0) throw usage('slab size 0 is out of valid range');
  return sizes;
}

function checkProtocol(draft: Draft): void {
  const { settings } = draft;
  if (settings.sasl) {
    if (draft.protocolGiven && settings.protocol !== 'binary') {
      throw usage('ERROR: You cannot allow the ASCII protocol while using SASL.');
    }
    settings.protocol = 'binary';
    if (draft.udpPort !== 0) {
      throw usage('ERROR: Cannot enable UDP while using binary SASL authentication.');
    }
  }
  if (draft.authFile === undefined) return;
  if ((draft.protocolGiven || settings.sasl) && settings.protocol !== 'ascii') {
    throw usage('ERROR: You cannot allow the BINARY protocol while using ascii authentication tokens.');
  }
  settings.protocol = 'ascii';
  if (draft.udpPort !== 0) {
    throw usage('Cannot use UDP with ascii authentication enabled (-U 0 to disable)');
  }
}

function usage(message: string) {
  return failure(EXIT.usage, message);
}
