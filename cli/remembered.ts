/** What a space remembers, for commands that answer without its host. */
import { readRecord, type SpaceRecord } from '../runtime/state/record.ts';
import type { Context } from './context.ts';
import { warn } from './render/warn.ts';

const warned = new WeakSet<Context>();

/**
 * An empty record where it cannot be understood, which is said, once.
 * @throws PaasError `STATE_UNREADABLE`, `STATE_NEWER`
 */
export function remembered(context: Context): SpaceRecord {
  const { record, problem } = readRecord(context.paths.record);
  if (problem && !warned.has(context)) {
    warned.add(context);
    warn(context, problem);
  }
  return record;
}
