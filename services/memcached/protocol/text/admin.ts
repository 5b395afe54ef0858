import * as A from './answers.ts';
import { answer } from './answer.ts';
import { int32, uint32 } from '../numbers.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

const VERBOSITY_MAX = 3;
const LEAST_MEGABYTES = 8;
/** More than this can only be a number of bytes given by mistake. */
const MOST_MEGABYTES = 1_000_000_000;

/** `flush_all [<delay>] [noreply]` */
export function flushAll(session: Session, line: Line): void {
  const { store, reply, settings } = session.cache;
  if (line.count > 3) return reply.bytes(A.ERROR);
  session.noreply = line.noreply;
  store.counters.cmdFlush++;
  if (!settings.flushEnabled) return answer(session, A.FLUSH_FORBIDDEN);
  let delay: number | undefined = 0;
  if (line.count !== (session.noreply ? 2 : 1)) {
    delay = int32(line.word(1));
    if (delay === undefined) return answer(session, A.BAD_EXPTIME);
  }
  store.flush(delay > 0 ? store.clock.deadline(delay) : store.clock.now);
  return answer(session, A.OK);
}

export function version(session: Session): void {
  session.cache.reply.text(`VERSION ${session.cache.version}\r\n`);
}

/** `verbosity <level> [noreply]` */
export function verbosity(session: Session, line: Line): void {
  const { store, reply } = session.cache;
  if (line.count < 2 || line.count > 3) return reply.bytes(A.ERROR);
  session.noreply = line.noreply;
  const level = uint32(line.word(1));
  if (level === undefined) return answer(session, A.BAD_FORMAT);
  store.tuning.verbosity = Math.min(level, VERBOSITY_MAX);
  return answer(session, A.OK);
}

export function quit(session: Session): void {
  session.quit('normal');
}

/** `shutdown [graceful]` */
export function shutdown(session: Session, line: Line): void {
  const { settings, reply, onShutdown } = session.cache;
  if (!settings.shutdownCommand || !onShutdown) return reply.text('ERROR: shutdown not enabled\r\n');
  const graceful = line.count === 2 && line.word(1) === 'graceful';
  if (line.count !== 1 && !graceful) return reply.text('CLIENT_ERROR invalid shutdown mode\r\n');
  session.quit('shutdown');
  onShutdown(graceful);
}

/** `cache_memlimit <megabytes> [noreply]` */
export function memoryLimit(session: Session, line: Line): void {
  const { store, reply } = session.cache;
  if (line.count < 2 || line.count > 3) return reply.bytes(A.ERROR);
  session.noreply = line.noreply;
  const megabytes = uint32(line.word(1));
  if (megabytes === undefined) return answer(session, A.ERROR);
  if (megabytes < LEAST_MEGABYTES) return answer(session, A.LIMIT_TOO_SMALL);
  if (megabytes > MOST_MEGABYTES) return answer(session, A.LIMIT_IN_BYTES);
  return answer(session, store.setLimit(megabytes) ? A.OK : A.LIMIT_FAILED);
}
