/**
 * `attach`: follows apps from this terminal as a push does: their log, and what happens to them. It does not become
 * their owner: Ctrl-C lets go of them, and they run on.
 */
import type { ControlClient } from '../../runtime/control/client.ts';
import type { PlatformEvent } from '../../runtime/events.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import type { LogLine } from '../../runtime/logs/types.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { connectIfRunning } from '../connect.ts';
import type { Context } from '../context.ts';
import { renderEvent } from '../render/reporter.ts';
import { untilSignal } from '../signals.ts';
import { hostEnds } from '../stops.ts';
import { appNames, knownApp } from '../which-app.ts';

const BEFORE = 10;

export async function attach(context: Context, names: readonly string[]): Promise<number> {
  const { terminal, json } = context;
  const wanted = (await appNames(context, names)).map((name) => knownApp(context, name));
  const client = await connectIfRunning(context);
  if (!client) throw atRest(wanted);
  using connection = client;
  const apps = (await connection.call('snapshot', {})).apps.filter(({ name }) => wanted.includes(name));
  const coming = apps.filter(({ state }) => state !== 'stopped');
  if (coming.length === 0) throw atRest(wanted);
  const show = (event: PlatformEvent): void => {
    if (!json) renderEvent(event, terminal);
    else if (event.kind === 'log') terminal.out(JSON.stringify(event.line));
  };
  // What comes while the lines so far are fetched is shown after them.
  const meanwhile: PlatformEvent[] = [];
  connection.onEvent = (event) => void meanwhile.push(event);
  connection.onDropped = (count) =>
    terminal.err(terminal.paint.yellow(`${count} events were left out: this terminal reads too slowly`));
  const lines = await follow(connection, coming);
  for (const line of lines) show({ kind: 'log', line });
  if (!json) terminal.out(`Attached to ${describe(coming)}; Ctrl-C lets go, and it runs on`);
  const shown = new Set(lines.map(({ seq }) => seq));
  const stopped = untilStopped(connection, coming, show);
  for (const event of meanwhile)
    if (event.kind !== 'log' || !shown.has(event.line.seq)) connection.onEvent(event);
  const end = await untilSignal(Promise.race([stopped, hostEnds(connection, context)]), {
    onFirst: async () => connection[Symbol.dispose](),
    onSecond: async () => {},
    output: context.world.output.lost,
  });
  if (!('exitCode' in end)) return 0;
  if (!json)
    terminal.out(`\nLet go of ${coming.map(({ name }) => name).join(', ')}; to stop: paas-local stop`);
  return end.exitCode;
}

const atRest = (apps: readonly string[]): PaasError =>
  new PaasError('USAGE', {
    message: `Cannot attach to ${apps.join(', ')}: nothing of it runs`,
    hint: `Start it with: paas-local start ${apps.join(' ')}`,
  });

const describe = (apps: readonly AppSnapshot[]): string =>
  apps.map(({ name, state, urls }) => `${name} (${[state, ...urls.slice(0, 1)].join(', ')})`).join(', ');

/** The last lines of all, in the order of their time; later ones come as events. */
async function follow(client: ControlClient, apps: readonly AppSnapshot[]): Promise<readonly LogLine[]> {
  const owners = new Set(apps.flatMap(({ name, services }) => [name, ...services]));
  const all: LogLine[] = [];
  for (const owner of owners) {
    const { lines } = await client.call('logs', { owner, count: BEFORE, follow: true });
    // Of services only what is to come, as in a push.
    if (apps.some(({ name }) => name === owner)) all.push(...lines);
  }
  return all.toSorted((a, b) => a.seq - b.seq);
}

/** Resolves when none of them runs any more. */
function untilStopped(
  client: ControlClient,
  apps: readonly AppSnapshot[],
  show: (event: PlatformEvent) => void,
): Promise<void> {
  const running = new Set(apps.map(({ name }) => name));
  return new Promise((resolve) => {
    client.onEvent = (event) => {
      show(event);
      if (event.kind === 'app-stopped' || event.kind === 'app-deleted') running.delete(event.app);
      if (running.size === 0) resolve();
    };
  });
}
