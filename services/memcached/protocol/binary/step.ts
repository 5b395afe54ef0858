import { adjust } from './adjust.ts';
import { ANSWER_BYTES } from '../reply.ts';
import { append } from './append.ts';
import { flush, noop, quit, version } from './simple.ts';
import { HEADER_BYTES, LOUD, OP, REQUEST_MAGIC, STATUS } from './codes.ts';
import { KEY_MAX } from '../text/get.ts';
import { putError, type BinaryRequest } from './packet.ts';
import { GET_WORD, servePlainGets } from './plain-gets.ts';
import { remove } from './remove.ts';
import { retrieve } from './retrieve.ts';
import { saslAuthenticate, saslMechanisms } from './sasl.ts';
import { stat } from './stat.ts';
import { update } from './update.ts';
import type { Session } from '../session.ts';

/**
 * Serves a well-formed request.
 * @returns the position after it, or the request's own position if it has to wait
 */
export type Handler = (session: Session, request: BinaryRequest, at: number, end: number) => number;

/** How a request has to be formed, apart from the key's longest length. */
interface Form {
  readonly handler: Handler;
  /** Length of the extras, and another one they may have. */
  readonly extras: number;
  readonly otherExtras?: number;
  /** Whether there must be a key, must not, or may. */
  readonly key: 'required' | 'none' | 'any';
  /** Whether a value may follow. */
  readonly value: boolean;
}

const FORMS_BY_OPCODE: ReadonlyMap<number, Form> = new Map<number, Form>([
  [OP.get, { handler: retrieve, extras: 0, key: 'required', value: false }],
  [OP.getK, { handler: retrieve, extras: 0, key: 'required', value: false }],
  [OP.touch, { handler: retrieve, extras: 4, key: 'required', value: false }],
  [OP.gat, { handler: retrieve, extras: 4, key: 'required', value: false }],
  [OP.gatK, { handler: retrieve, extras: 4, key: 'required', value: false }],
  [OP.set, { handler: update, extras: 8, key: 'required', value: true }],
  [OP.add, { handler: update, extras: 8, key: 'required', value: true }],
  [OP.replace, { handler: update, extras: 8, key: 'required', value: true }],
  [OP.append, { handler: append, extras: 0, key: 'required', value: true }],
  [OP.prepend, { handler: append, extras: 0, key: 'required', value: true }],
  [OP.delete, { handler: remove, extras: 0, key: 'required', value: false }],
  [OP.increment, { handler: adjust, extras: 20, key: 'required', value: false }],
  [OP.decrement, { handler: adjust, extras: 20, key: 'required', value: false }],
  [OP.flush, { handler: flush, extras: 0, otherExtras: 4, key: 'none', value: false }],
  [OP.noop, { handler: noop, extras: 0, key: 'none', value: false }],
  [OP.version, { handler: version, extras: 0, key: 'none', value: false }],
  [OP.quit, { handler: quit, extras: 0, key: 'none', value: false }],
  [OP.stat, { handler: stat, extras: 0, key: 'any', value: false }],
  [OP.saslMechanisms, { handler: saslMechanisms, extras: 0, key: 'none', value: false }],
  [OP.saslAuth, { handler: saslAuthenticate, extras: 0, key: 'required', value: true }],
  [OP.saslStep, { handler: saslAuthenticate, extras: 0, key: 'required', value: true }],
]);

const OPCODES = Array.from({ length: 256 }, (_, opcode) => opcode);
/** The same, and the loud opcodes, as arrays: looked at for every request. */
const FORMS = OPCODES.map((opcode) => FORMS_BY_OPCODE.get(opcode));
const LOUD_OPCODES = Uint8Array.from(OPCODES, (opcode) => LOUD.get(opcode) ?? opcode);

/** What may be asked before authentication. */
const OPEN: ReadonlySet<number> = new Set([OP.version, OP.saslMechanisms, OP.saslAuth, OP.saslStep]);

/** Serves the request at `at`, if its header, extras and key are complete. */
export function binaryStep(session: Session, at: number, end: number): number {
  const { cache } = session;
  const { reply, binary: request, settings } = cache;
  const { view } = cache.store.arena;
  if (end - at < HEADER_BYTES) return at;
  if (view.getUint16(at) === GET_WORD) {
    const after = servePlainGets(session, at, end);
    if (after !== at) return after;
  }
  if (view.getUint8(at) !== REQUEST_MAGIC) {
    session.quit('error');
    return end;
  }
  request.read(view, at);
  if (end < request.valueAt) return at;
  if (!reply.fits(ANSWER_BYTES)) reply.flush();
  if (session.transport.blocked) return at;
  request.loud = LOUD_OPCODES[request.opcode]!;
  request.quiet = request.loud !== request.opcode;
  if (request.keyLength + request.extrasLength > request.bodyLength) {
    return fail(session, request, STATUS.unknownCommand, end);
  }
  if (settings.sasl && !session.authenticated && !OPEN.has(request.opcode)) {
    return fail(session, request, STATUS.authError, end);
  }
  if (request.keyLength > KEY_MAX) return fail(session, request, STATUS.invalid, end);
  const form = FORMS[request.loud];
  if (!form) {
    putError(cache, request, STATUS.unknownCommand);
    session.swallow = request.valueLength;
    return request.valueAt;
  }
  if (!isWellFormed(request, form)) return fail(session, request, STATUS.invalid, end);
  return form.handler(session, request, at, end);
}

function isWellFormed(request: BinaryRequest, { extras, otherExtras, key, value }: Form): boolean {
  if (request.extrasLength !== extras && request.extrasLength !== otherExtras) return false;
  if (key !== 'any' && request.keyLength > 0 !== (key === 'required')) return false;
  return value || request.valueLength === 0;
}

/** Says what is wrong and closes: where the next request begins cannot be known. */
function fail(session: Session, request: BinaryRequest, status: number, end: number): number {
  putError(session.cache, request, status);
  return hangUp(session, end);
}

function hangUp(session: Session, end: number): number {
  session.quit('error');
  return end;
}
