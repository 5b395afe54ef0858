/** `start`, `stop`, `restart`, `delete`: one app or all of the manifest's. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { loadRecord } from '../../runtime/state/record.ts';
import { connect, connectIfRunning } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { confirm } from '../render/confirm.ts';
import { showEvents } from '../render/reporter.ts';
import { appNames } from '../which-app.ts';
import { listApps } from './apps.ts';

export interface StartOptions extends CommonOptions {
  readonly strategy?: 'rolling';
}

export async function start(
  context: Context,
  names: readonly string[],
  verb: 'start' | 'restart' | 'restage',
  options: StartOptions,
): Promise<number> {
  const { terminal, json } = context;
  const wanted = await appNames(context, names);
  using client = await connect(context, anyPort(context));
  showEvents(client, context);
  const started = [];
  const strategy = options.strategy ? { strategy: options.strategy } : {};
  for (const app of wanted) started.push((await client.call(verb, { app, ...strategy })).app);
  if (json) terminal.out(JSON.stringify({ apps: started }));
  else for (const app of started) terminal.out(app.urls[0] ?? `${app.name} runs`);
  return 0;
}

export interface StopOptions extends CommonOptions {
  readonly all?: boolean;
}

export async function stop(
  context: Context,
  names: readonly string[],
  options: StopOptions,
): Promise<number> {
  const { terminal, json } = context;
  const client = await connectIfRunning(context);
  if (!client) {
    const wanted = options.all ? [] : await appNames(context, names);
    const { record } = loadRecord(context.paths.record);
    for (const app of wanted)
      if (!record.apps[app]) throw new PaasError('APP_NOT_FOUND', { app, known: Object.keys(record.apps) });
    say([...wanted]);
    return 0;
  }
  using connection = client;
  if (options.all) {
    const running = (await connection.call('snapshot', {})).apps.map(({ name }) => name);
    await connection.call('shutdown', {});
    await connection.lost;
    say(running);
    return 0;
  }
  const wanted = await appNames(context, names);
  for (const app of wanted.toReversed()) await connection.call('stop', { app });
  say([...wanted]);
  return 0;

  function say(stopped: string[]): void {
    if (json) terminal.out(JSON.stringify({ stopped }));
    else terminal.out(stopped.length > 0 ? `Stopped ${stopped.join(', ')}` : 'Nothing runs');
  }
}

export interface DeleteOptions extends CommonOptions {
  readonly force?: boolean;
}

/** Asks on a terminal; without one, only `-f` deletes. */
export async function remove(
  context: Context,
  names: readonly string[],
  options: DeleteOptions,
): Promise<number> {
  const { terminal, json } = context;
  const wanted = await appNames(context, names);
  const known = (await listApps(context)).map(({ name }) => name);
  for (const app of wanted) if (!known.includes(app)) throw new PaasError('APP_NOT_FOUND', { app, known });
  if (!options.force && !(await confirm(context, `Really delete ${wanted.join(', ')}?`))) {
    throw new PaasError('USAGE', {
      message: 'Nothing was deleted',
      hint: 'Confirm on a terminal, or use -f',
    });
  }
  using client = await connect(context, anyPort(context));
  for (const app of wanted) await client.call('delete', { app });
  if (json) terminal.out(JSON.stringify({ deleted: wanted }));
  else terminal.out(`Deleted ${wanted.join(', ')}; their services are kept`);
  return 0;
}
