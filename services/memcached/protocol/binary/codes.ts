/** Opcodes, statuses and sizes of the binary protocol. */

export const REQUEST_MAGIC = 0x80;
export const RESPONSE_MAGIC = 0x81;
export const HEADER_BYTES = 24;

export const OP = {
  get: 0x00,
  set: 0x01,
  add: 0x02,
  replace: 0x03,
  delete: 0x04,
  increment: 0x05,
  decrement: 0x06,
  quit: 0x07,
  flush: 0x08,
  getQ: 0x09,
  noop: 0x0a,
  version: 0x0b,
  getK: 0x0c,
  getKQ: 0x0d,
  append: 0x0e,
  prepend: 0x0f,
  stat: 0x10,
  setQ: 0x11,
  addQ: 0x12,
  replaceQ: 0x13,
  deleteQ: 0x14,
  incrementQ: 0x15,
  decrementQ: 0x16,
  quitQ: 0x17,
  flushQ: 0x18,
  appendQ: 0x19,
  prependQ: 0x1a,
  verbosity: 0x1b,
  touch: 0x1c,
  gat: 0x1d,
  gatQ: 0x1e,
  saslMechanisms: 0x20,
  saslAuth: 0x21,
  saslStep: 0x22,
  gatK: 0x23,
  gatKQ: 0x24,
} as const;

/** The loud opcode of each quiet one. */
export const LOUD: ReadonlyMap<number, number> = new Map<number, number>([
  [OP.getQ, OP.get],
  [OP.getKQ, OP.getK],
  [OP.setQ, OP.set],
  [OP.addQ, OP.add],
  [OP.replaceQ, OP.replace],
  [OP.deleteQ, OP.delete],
  [OP.incrementQ, OP.increment],
  [OP.decrementQ, OP.decrement],
  [OP.quitQ, OP.quit],
  [OP.flushQ, OP.flush],
  [OP.appendQ, OP.append],
  [OP.prependQ, OP.prepend],
  [OP.gatQ, OP.gat],
  [OP.gatKQ, OP.gatK],
]);

export const STATUS = {
  ok: 0x00,
  notFound: 0x01,
  exists: 0x02,
  tooLarge: 0x03,
  invalid: 0x04,
  notStored: 0x05,
  nonNumeric: 0x06,
  authError: 0x20,
  authContinue: 0x21,
  unknownCommand: 0x81,
  noMemory: 0x82,
} as const;

/** The text that goes with an error. */
export const ERROR_TEXT: ReadonlyMap<number, string> = new Map<number, string>([
  [STATUS.notFound, 'Not found'],
  [STATUS.exists, 'Data exists for key.'],
  [STATUS.tooLarge, 'Too large.'],
  [STATUS.invalid, 'Invalid arguments'],
  [STATUS.notStored, 'Not stored.'],
  [STATUS.nonNumeric, 'Non-numeric server-side value for incr or decr'],
  [STATUS.authError, 'Auth failure.'],
  [STATUS.unknownCommand, 'Unknown command'],
  [STATUS.noMemory, 'Out of memory'],
]);
