import { Line } from './line.ts';
import { textStep } from './step.ts';
import { uint32 } from '../numbers.ts';
import type { Session } from '../session.ts';

const LF = 0x0a;
const CR = 0x0d;
/** A line without end may grow this long. */
const LINE_MAX = 2048;
/** What may follow as "user password"; a longer one is refused before it comes. */
const TOKEN_MAX = 16_384;

/**
 * Before login only `set <anything> <flags> <exptime> <length>` with the value "user password" is understood.
 */
export function authenticationStep(session: Session, at: number, end: number): number {
  const { arena } = session.cache.store;
  const { bytes } = arena;
  const eol = bytes.subarray(at, end).indexOf(LF);
  if (eol < 0) {
    if (end - at > LINE_MAX) session.quit('error');
    return session.closing ? end : at;
  }
  const { reply, line } = session.cache;
  const next = at + eol + 1;
  line.cut(at, bytes[next - 2] === CR ? next - 2 : next - 1);
  const length = line.count >= 5 && line.word(0) === 'set' ? uint32(line.word(4)) : undefined;
  if (length === undefined) {
    reply.text('CLIENT_ERROR unauthenticated\r\n');
    return next;
  }
  if (length > TOKEN_MAX) {
    reply.text('CLIENT_ERROR auth token too long\r\n');
    return next;
  }
  const after = next + length + 2;
  if (end < after) return at;
  reply.text(`${login(session, next, length)}\r\n`);
  return after;
}

function login(session: Session, at: number, length: number): string {
  const { store, authentication } = session.cache;
  const { bytes } = store.arena;
  if (bytes[at + length] !== CR || bytes[at + length + 1] !== LF) {
    return 'CLIENT_ERROR bad command line termination';
  }
  const token = new Line(store);
  token.cut(at, at + length);
  if (token.count < 2) return 'CLIENT_ERROR bad authentication token format';
  store.counters.authCommands++;
  if (!authentication!.check(token.word(0), token.word(1))) {
    store.counters.authErrors++;
    return 'CLIENT_ERROR authentication failure';
  }
  session.authenticated = true;
  session.step = textStep;
  return 'STORED';
}
