import type { Session } from '../session.ts';

/** `mn`: answers once everything before it is answered, and sends that at once. */
export function metaNoop(session: Session): void {
  const { reply } = session.cache;
  reply.text('MN\r\n');
  reply.flush();
}
