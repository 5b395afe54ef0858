import * as A from './answers.ts';
import { FETCHERS, WATCH_WORDS } from '../../watch/watchers.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

/** `watch [fetchers|mutations|evictions|connevents|sysevents|deletions|rawcmds ...]` */
export function watch(session: Session, line: Line): void {
  const { reply, settings, watchers } = session.cache;
  if (!settings.watchEnabled) return reply.text('CLIENT_ERROR watch commands not allowed\r\n');
  if (reply.pending || session.answered)
    return reply.text('ERROR cannot pipeline other commands before watch\r\n');
  let wants = line.count === 1 ? FETCHERS : 0;
  for (const word of line.words(1)) {
    if (!Object.hasOwn(WATCH_WORDS, word)) return reply.bytes(A.ERROR);
    wants |= WATCH_WORDS[word]!;
  }
  if (!watchers.add(session, wants)) return reply.text('WATCHER_TOO_MANY log watcher limit reached\r\n');
  session.watching = true;
  return reply.bytes(A.OK);
}
