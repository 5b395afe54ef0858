/** What the meta commands answer to malformed requests; always sent, quiet or not. */
const line = (text: string): Uint8Array => Buffer.from(`CLIENT_ERROR ${text}\r\n`, 'latin1');

export const BAD_FORMAT = line('bad command line format');
export const BAD_TOKEN = line('bad token in command line format');
export const DUPLICATE_FLAG = line('duplicate flag');
export const INVALID_FLAG = line('invalid flag');
export const INVALID_OR_DUPLICATE = line('invalid or duplicate flag');
export const BAD_KEY = line('error decoding key');
export const BAD_MODE_LENGTH = line('incorrect length for M token');
export const BAD_INITIAL = line('invalid numeric initial value');
export const BAD_DELTA = line('invalid numeric delta value');
export const OPAQUE_TOO_LONG = line('opaque token too long');
export const OPTIONS_ARE_TOO_LONG = line('options flags are too long');
export const OPTIONS_TOO_LONG = line('options flags too long');
export const BAD_SET_MODE = line('invalid mode for ms M token');
export const BAD_ARITHMETIC_MODE = line('invalid mode for ma M token');
