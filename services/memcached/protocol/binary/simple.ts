import { putError, putSuccess, putText, type BinaryRequest } from './packet.ts';
import { STATUS } from './codes.ts';
import type { Session } from '../session.ts';

export function noop(session: Session, request: BinaryRequest): number {
  putSuccess(session.cache, request);
  session.cache.reply.flush();
  return request.valueAt;
}

export function version(session: Session, request: BinaryRequest): number {
  putText(session.cache, request, STATUS.ok, session.cache.version);
  return request.valueAt;
}

export function quit(session: Session, request: BinaryRequest): number {
  putSuccess(session.cache, request);
  session.quit('normal');
  return request.valueAt;
}

/** flush, flushq: at once, or after a delay in the extras. */
export function flush(session: Session, request: BinaryRequest): number {
  const { cache } = session;
  const { store, settings } = cache;
  if (!settings.flushEnabled) {
    putError(cache, request, STATUS.authError);
    return request.valueAt;
  }
  const delay = request.extrasLength === 0 ? 0 : store.arena.view.getUint32(request.extrasAt);
  store.flush(delay > 0 ? store.clock.deadline(delay) : store.clock.now);
  store.counters.cmdFlush++;
  putSuccess(cache, request);
  return request.valueAt;
}
