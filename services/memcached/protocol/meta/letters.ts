/** The flags of the meta commands, as bytes. */
const code = (letter: string): number => letter.charCodeAt(0);

export const BASE64 = code('b');
export const CAS = code('c');
export const CLIENT_FLAGS = code('f');
export const HIT_BEFORE = code('h');
export const KEY = code('k');
export const LAST_ACCESS = code('l');
export const QUIET = code('q');
export const SIZE = code('s');
export const TTL = code('t');
export const NO_BUMP = code('u');
export const VALUE = code('v');
export const EMPTY = code('x');
export const COMPARE_CAS = code('C');
export const DELTA = code('D');
export const EXPLICIT_CAS = code('E');
export const SET_FLAGS = code('F');
export const INVALIDATE = code('I');
export const INITIAL = code('J');
export const PROXY_L = code('L');
export const MODE = code('M');
export const CREATE = code('N');
export const OPAQUE = code('O');
export const PROXY_P = code('P');
export const RECACHE = code('R');
export const SET_TTL = code('T');
