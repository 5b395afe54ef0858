import { putError, putHeader, putText, type BinaryRequest } from './packet.ts';
import { OP, STATUS } from './codes.ts';
import type { Session } from '../session.ts';

const MECHANISMS = 'PLAIN';
const MECHANISM_MAX = 32;
/** A name, a name and a password; longer is not looked at. */
const CREDENTIALS_MAX = 16_384;

export function saslMechanisms(session: Session, request: BinaryRequest): number {
  const { cache } = session;
  if (cache.settings.sasl) putText(cache, request, STATUS.ok, MECHANISMS);
  else putError(cache, request, STATUS.unknownCommand);
  return request.valueAt;
}

/** auth, step: the mechanism is the key, the credentials are the value. */
export function saslAuthenticate(session: Session, request: BinaryRequest, at: number, end: number): number {
  const { cache } = session;
  const { keyLength, valueLength, valueAt } = request;
  if (!cache.settings.sasl || keyLength > MECHANISM_MAX || valueLength > CREDENTIALS_MAX) {
    const tooLong = valueLength > CREDENTIALS_MAX ? STATUS.noMemory : STATUS.invalid;
    putError(cache, request, cache.settings.sasl ? tooLong : STATUS.unknownCommand);
    session.swallow = valueLength;
    return valueAt;
  }
  if (end - valueAt < valueLength) return at;
  authenticate(session, request);
  return valueAt + valueLength;
}

function authenticate(session: Session, request: BinaryRequest): void {
  const { cache } = session;
  const { arena } = cache.store;
  const { keyAt, valueAt, valueLength } = request;
  const isStep = request.opcode === OP.saslStep;
  const mechanism = arena.text(keyAt, valueAt);
  const credentials = arena.text(valueAt, valueAt + valueLength);
  const known = mechanism === MECHANISMS && (!isStep || session.saslStarted);
  if (known && valueLength === 0 && !isStep) {
    // The client begins without saying anything: it is asked to go on with a step.
    session.saslStarted = true;
    putHeader(cache, request, STATUS.authContinue, 0, 0, 0);
    cache.reply.flush();
    return;
  }
  const { counters } = cache.store;
  counters.authCommands++;
  session.authenticated = known && checkPlain(session, credentials);
  session.saslStarted = session.authenticated;
  if (session.authenticated) {
    putText(cache, request, STATUS.ok, 'Authenticated');
  } else {
    counters.authErrors++;
    putError(cache, request, STATUS.authError);
  }
}

/** `[authzid] NUL user NUL password`; acting for another name is not offered. */
function checkPlain(session: Session, credentials: string): boolean {
  const parts = credentials.split('\0');
  if (parts.length !== 3) return false;
  const [actFor, user, password] = parts as [string, string, string];
  if (actFor !== '' && actFor !== user) return false;
  return session.cache.authentication?.check(user, password) === true;
}
