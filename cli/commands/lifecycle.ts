/** `start`, `stop`, `restart`, `delete`: one app or all of the manifest's. */
import { partition } from '../../runtime/kernel/partition.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { suggest } from '../../runtime/kernel/suggest.ts';
import { lockHolder } from '../../runtime/state/lock.ts';
import { connect, connectIfRunning } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { endHost, hostGone } from '../end-host.ts';
import { mustConfirm } from '../render/confirm.ts';
import { remembered } from '../remembered.ts';
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
  using client = await connect(context, anyPort(context));
  showEvents(client, context);
  const { restored, failed } =
    verb === 'start' ? await client.call('restore', {}) : { restored: [], failed: [] };
  for (const { app, error } of failed)
    terminal.err(`${app} could not be brought back: ${error.message}. ${error.hint ?? ''}`);
  // Where nothing else is named, bringing back was what was asked for.
  const wanted = await appNames(context, names).catch((error: unknown) => {
    if (restored.length + failed.length > 0 && names.length === 0) return restored;
    throw error;
  });
  const started = [];
  const strategy = options.strategy ? { strategy: options.strategy } : {};
  for (const app of wanted) started.push((await client.call(verb, { app, ...strategy })).app);
  if (json) terminal.out(JSON.stringify({ apps: started, ...(verb === 'start' ? { restored } : {}) }));
  else {
    if (restored.length > 0) terminal.out(`Brought back ${restored.join(', ')}`);
    for (const app of started) terminal.out(app.urls[0] ?? `${app.name} runs`);
  }
  return failed.length > 0 && names.length === 0 ? 1 : 0;
}

export interface StopOptions extends CommonOptions {
  readonly all?: boolean;
}

export async function stop(
  context: Context,
  names: readonly string[],
  options: StopOptions,
): Promise<number> {
  if (options.all) return stopAll(context);
  const wanted = await appNames(context, names);
  const { apps } = remembered(context);
  const client =
    (await connectIfRunning(context)) ??
    // What a host that was killed ran is stopped by a new one, which then forgets about it.
    (wanted.some((app) => apps[app]?.desired === 'started')
      ? await connect(context, anyPort(context))
      : undefined);
  if (!client) {
    for (const app of wanted)
      if (!apps[app]) throw new PaasError('APP_NOT_FOUND', { app, known: Object.keys(apps) });
    sayStopped(context, wanted);
    return 0;
  }
  using connection = client;
  for (const app of wanted.toReversed()) await connection.call('stop', { app });
  sayStopped(context, wanted);
  return 0;
}

async function stopAll(context: Context): Promise<number> {
  const { terminal, json, paths } = context;
  const client = await connectIfRunning(context).catch((error: unknown) => {
    if (error instanceof PaasError && error.code === 'HOST_VERSION_MISMATCH')
      return 'another version' as const;
    throw error;
  });
  if (client === 'another version') {
    // It speaks another language, but every host understands TERM; what is detached stays desired.
    const stopped = await endHost(paths.lock);
    if (json) terminal.out(JSON.stringify({ stopped: [], host: stopped }));
    else terminal.out(`Stopped the host of version ${stopped}; its apps come back with: paas-local start`);
    return 0;
  }
  if (!client) {
    sayStopped(context, []);
    return 0;
  }
  using connection = client;
  const holder = lockHolder(paths.lock);
  const { apps } = await connection.call('snapshot', {});
  await connection.call('shutdown', {});
  await connection.lost;
  if (holder) await hostGone(paths.lock, holder);
  sayStopped(
    context,
    apps.filter(({ state }) => state !== 'stopped').map(({ name }) => name),
  );
  return 0;
}

function sayStopped({ terminal, json }: Context, stopped: readonly string[]): void {
  if (json) terminal.out(JSON.stringify({ stopped }));
  else terminal.out(stopped.length > 0 ? `Stopped ${stopped.join(', ')}` : 'Nothing runs');
}

export interface DeleteOptions extends CommonOptions {
  readonly force?: boolean;
}

/** Asks on a terminal; without one, only `-f` deletes. As with cf, what `-f` does not find is gone already. */
export async function remove(
  context: Context,
  names: readonly string[],
  options: DeleteOptions,
): Promise<number> {
  const { terminal, json } = context;
  const wanted = await appNames(context, names);
  const known = (await listApps(context)).map(({ name }) => name);
  const [present, gone] = partition(wanted, (app) => known.includes(app));
  if (gone[0] !== undefined && !options.force)
    throw new PaasError('APP_NOT_FOUND', {
      app: gone[0],
      known,
      suggestion: suggest(gone[0], known) ?? null,
    });
  await mustConfirm(context, {
    force: options.force,
    question: `Really delete ${wanted.join(', ')}?`,
    otherwise: 'Nothing was deleted',
  });
  if (present.length > 0) {
    using client = await connect(context, anyPort(context));
    for (const app of present) await client.call('delete', { app });
  }
  if (json) terminal.out(JSON.stringify({ deleted: present }));
  else {
    for (const app of gone) terminal.out(`App '${app}' does not exist.\nOK`);
    if (present.length > 0) terminal.out(`Deleted ${present.join(', ')}; their services are kept`);
  }
  return 0;
}
