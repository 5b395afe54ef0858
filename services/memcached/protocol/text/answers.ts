/** The fixed lines of the text protocol, as bytes. */
const line = (text: string): Uint8Array => Buffer.from(`${text}\r\n`, 'latin1');

export const STORED = line('STORED');
export const NOT_STORED = line('NOT_STORED');
export const EXISTS = line('EXISTS');
export const NOT_FOUND = line('NOT_FOUND');
export const DELETED = line('DELETED');
export const TOUCHED = line('TOUCHED');
export const END = line('END');
export const OK = line('OK');
export const RESET = line('RESET');
export const ERROR = line('ERROR');
export const BAD_FORMAT = line('CLIENT_ERROR bad command line format');
export const BAD_CHUNK = line('CLIENT_ERROR bad data chunk');
export const BAD_EXPTIME = line('CLIENT_ERROR invalid exptime argument');
export const BAD_DELTA = line('CLIENT_ERROR invalid numeric delta argument');
export const NOT_NUMERIC = line('CLIENT_ERROR cannot increment or decrement non-numeric value');
export const DELETE_USAGE = line('CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]');
export const TOO_LARGE = line('SERVER_ERROR object too large for cache');
export const NO_MEMORY = line('SERVER_ERROR out of memory storing object');
export const FLUSH_FORBIDDEN = line('CLIENT_ERROR flush_all not allowed');
export const OUT_OF_MEMORY = line('SERVER_ERROR out of memory');
export const LIMIT_TOO_SMALL = line('MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m');
export const LIMIT_IN_BYTES = line('MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes');
export const LIMIT_FAILED = line('MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust');
export const PERCENTS_TOO_HIGH = line('ERROR hot and warm pcts must not exceed 80');
export const FACTORS_TOO_LOW = line('ERROR hot/warm age factors must be greater than 0');
export const CRAWLER_DISABLED = line('CLIENT_ERROR lru crawler disabled');
export const CRAWLER_BUSY = line('BUSY currently processing crawler request');
export const BAD_CLASS = line('BADCLASS invalid class id');
export const NOTHING_TO_CRAWL = line('NOTSTARTED no items to crawl');
export const BAD_WINDOW = line('CLIENT_ERROR automove window too low or too high');
export const BAD_LINE = line('CLIENT_ERROR bad command line');

/** Room that any of these lines fits in. */
export const LONGEST = 128;
