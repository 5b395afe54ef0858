/**
 * How an item lies in the arena. An item is named by its byte offset divided by eight (0 is "none"):
 *
 *   header (10 words) | key | " flags length\r\n" | value | "\r\n"
 *
 * The middle part is the end of a `VALUE` line, kept ready so that a hit is one copy. All of it fits in the
 * bytes memcached's own item takes (48 header, 8 CAS, key and its NUL, 4 flags if any, value, CRLF), so slab
 * classes, limits and the order of evictions come out the same.
 */

/** Word offsets in the header, to be added to `item * 2`. */
export const NEXT = 0;
export const PREV = 1;
export const HASH = 2;
/** Second at which the item is gone, on the store's clock; 0 is never. */
export const EXPIRES = 3;
/** Second of the last use that counted. */
export const USED = 4;
/** The client's 32 bits. */
export const FLAGS = 5;
export const CAS_LOW = 6;
export const CAS_HIGH = 7;
/** Bytes of the value, its CRLF not counted. */
export const LENGTH = 8;
/** Key length (8 bits), length of the ready-made part (8), LRU list: segment and class (8), state bits (8). */
export const SHAPE = 9;

export const HEADER_BYTES = 40;

export const SUFFIX_SHIFT = 8;
export const LIST_SHIFT = 16;
export const BYTE = 0xff;

/** State bits in `SHAPE`. */
/** In the index and in an LRU list. */
export const LINKED = 1 << 24;
/** Read at least once. */
export const FETCHED = 1 << 25;
/** Read at least twice since it last moved. */
export const ACTIVE = 1 << 26;
/** Invalidated by `md I` or an old `ms I`; served with the flag X. */
export const STALE = 1 << 27;
/** Some client was told to refresh it. */
export const WON = 1 << 28;
/** The key came as base64 and goes out so. */
export const BINARY_KEY = 1 << 29;
/** The value lies elsewhere, in a run of units. */
export const LARGE = 1 << 30;
/** A pending write still sends from it; its memory is freed afterwards. */
export const HELD = 1 << 31;

/** memcached's bytes for an item's header and for its CAS; they define what "fits". */
const NOMINAL_HEADER_BYTES = 48;
const NOMINAL_CAS_BYTES = 8;
const NOMINAL_FLAGS_BYTES = 4;
const CRLF_BYTES = 2;

/** The size by which memcached accounts, limits and classifies an item. */
export function nominalBytes(keyLength: number, flags: number, valueBytes: number, withCas: boolean): number {
  return (
    NOMINAL_HEADER_BYTES +
    (withCas ? NOMINAL_CAS_BYTES : 0) +
    keyLength +
    1 +
    (flags === 0 ? 0 : NOMINAL_FLAGS_BYTES) +
    valueBytes +
    CRLF_BYTES
  );
}

/** How many decimal digits an unsigned number below 2^53 takes. */
export function digits(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}

/** Length of " flags length\r\n". */
export function suffixBytes(flags: number, valueBytes: number): number {
  return 4 + digits(flags) + digits(valueBytes);
}
