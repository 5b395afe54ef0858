/** `events`: what happened to an app, each with its reason; kept on disk, so also without a host. */
import { formatTime } from '../../runtime/logs/format.ts';
import { readEvents } from '../../runtime/platform/event-history.ts';
import { connectIfRunning } from '../connect.ts';
import type { CommonOptions, Context } from '../context.ts';
import { table } from '../render/table.ts';
import { harmless } from '../render/terminal.ts';
import { knownApp, oneApp } from '../which-app.ts';

export interface EventsOptions extends CommonOptions {
  readonly num?: number;
}

const SHOWN = 50;

export async function events(
  context: Context,
  name: string | undefined,
  options: EventsOptions,
): Promise<number> {
  const { terminal, json, paths } = context;
  const app = await oneApp(context, name);
  const count = options.num ?? SHOWN;
  using client = await connectIfRunning(context);
  const listed = client
    ? (await client.call('events', { app, count })).events
    : readEvents(paths, knownApp(context, app), count);
  if (json) {
    terminal.out(JSON.stringify({ app, events: listed }));
    return 0;
  }
  terminal.out(`Getting events for app ${app} in space ${paths.name}...\n`);
  if (listed.length === 0) {
    terminal.out(`No events for app ${app}`);
    return 0;
  }
  // The newest first, as there.
  const rows = listed
    .toReversed()
    .map(({ at, event, actor, description }) => [formatTime(at), event, actor, harmless(description, false)]);
  for (const line of table(['time', 'event', 'actor', 'description'], rows)) terminal.out(line);
  return 0;
}
