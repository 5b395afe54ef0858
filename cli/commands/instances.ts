/** What Stackato's client tells of instances, in its columns: `stats`, `instances`, `health`, `mem`, `disk`. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { suggest } from '../../runtime/kernel/suggest.ts';
import type { AppSnapshot, InstanceSnapshot } from '../../runtime/snapshot.ts';
import type { CommonOptions, Context } from '../context.ts';
import { table } from '../render/table.ts';
import { isoSeconds, percent, stackatoSize, uptime } from '../render/usage.ts';
import { remembered } from '../remembered.ts';
import { appNames, oneApp } from '../which-app.ts';
import { findApp } from './app.ts';
import { listApps } from './apps.ts';
import { scale } from './scale.ts';

export async function stats(context: Context, name: string | undefined): Promise<number> {
  const { terminal, json } = context;
  const { app, usage } = await findApp(context, await oneApp(context, name));
  if (json) {
    terminal.out(JSON.stringify({ app: app.name, usage }));
    return 0;
  }
  const now = Date.now();
  const rows = app.processes.flatMap(({ type, memoryBytes, diskBytes, instances }) =>
    instances.map((instance) => {
      const used = usage.find((one) => one.process === type && one.index === instance.index);
      const { since } = instance;
      const up = instance.state === 'running';
      return [
        label(type, instance),
        stateOf(instance),
        used ? percent(used.cpu) : 'N/A',
        `${used ? stackatoSize(used.memoryBytes) : 'N/A'} (${stackatoSize(memoryBytes)})`,
        `${used ? stackatoSize(used.disk.bytes) : 'N/A'} (${stackatoSize(diskBytes)})`,
        up ? isoSeconds(since) : '',
        stateOf(instance) === 'CRASHED' ? isoSeconds(since) : '',
        up ? uptime(now - since) : 'N/A',
      ];
    }),
  );
  const header = [
    'Instance',
    'State',
    'CPU',
    'Memory (limit)',
    'Disk (limit)',
    'Started',
    'Crashed',
    'Uptime',
  ];
  show(context, app.name, header, rows);
  return 0;
}

/** With a number, in the older client's way, it scales: `instances APP 3`. */
export async function instances(context: Context, words: readonly string[]): Promise<number> {
  const { terminal, json } = context;
  const [name, count] = appAndValue(context, words, /^[+-]?\d+$/);
  if (count !== undefined) return scale(context, name, { instances: count, process: 'web' });
  const { app } = await findApp(context, await oneApp(context, name));
  const listed = app.processes.flatMap(({ type, instances: all }) =>
    all.map((instance) => ({ process: type, ...instance })),
  );
  if (json) terminal.out(JSON.stringify({ app: app.name, instances: listed }));
  else {
    const rows = listed.map((one) => [label(one.process, one), stateOf(one), isoSeconds(one.since)]);
    show(context, app.name, ['Index', 'State', 'Start Time'], rows);
  }
  return 0;
}

export interface HealthOptions extends CommonOptions {
  readonly all?: boolean;
}

export async function health(
  context: Context,
  names: readonly string[],
  options: HealthOptions,
): Promise<number> {
  const { terminal, json } = context;
  const all = await listApps(context);
  const wanted = options.all ? all.map(({ name }) => name) : await appNames(context, names);
  const known = all.map(({ name }) => name);
  const listed = wanted.toSorted().map((name) => {
    const app = all.find((one) => one.name === name);
    if (!app)
      throw new PaasError('APP_NOT_FOUND', { app: name, known, suggestion: suggest(name, known) ?? null });
    return { name, health: healthOf(app) };
  });
  if (json) terminal.out(JSON.stringify({ apps: listed }));
  else
    for (const line of table(
      ['Application', 'Health'],
      listed.map((one) => [one.name, one.health]),
    ))
      terminal.out(line);
  return 0;
}

/** `mem` and `disk`: what is reserved; with a size, in the older client's way, another. */
export async function reservation(
  context: Context,
  what: 'memory' | 'disk',
  words: readonly string[],
): Promise<number> {
  const { terminal, json } = context;
  const [name, size] = appAndValue(context, words, /^\d+(\.\d+)?([kmgt](i?b)?)?$/i);
  if (size !== undefined) return scale(context, name, { [what]: size, process: 'web' });
  const { app } = await findApp(context, await oneApp(context, name));
  const process = app.processes[0];
  const bytes = (what === 'memory' ? process?.memoryBytes : process?.diskBytes) ?? 0;
  if (json) terminal.out(JSON.stringify({ app: app.name, [`${what}Bytes`]: bytes }));
  else {
    const title = what === 'memory' ? 'Memory' : 'Disk';
    terminal.out(`Current ${title} Reservation [${app.name}]: ${stackatoSize(bytes)}`);
  }
  return 0;
}

/**
 * An app and the value to set, either of which may be left out. A single word that is no value is the app's name, unless it
 * begins like a number and no app is called so: then it is a value that was mistyped, which is to be told.
 * @throws PaasError `USAGE` for more words
 */
function appAndValue(
  context: Context,
  words: readonly string[],
  value: RegExp,
): readonly [app?: string | undefined, value?: string] {
  const [first, second, ...more] = words;
  if (more.length > 0)
    throw new PaasError('USAGE', {
      message: `Cannot use "${more.join(' ')}": an app and a value are all that is taken`,
    });
  if (first === undefined || second !== undefined) return second === undefined ? [] : [first, second];
  const isValue =
    value.test(first) || (/^[+-]?\.?\d/.test(first) && !Object.hasOwn(remembered(context).apps, first));
  return isValue ? [undefined, first] : [first];
}

/** `RUNNING` when all are that should be, else how many of a hundred. */
function healthOf({ requestedState, processes }: AppSnapshot): string {
  if (requestedState === 'stopped') return 'STOPPED';
  const wanted = processes.reduce((sum, one) => sum + one.wanted, 0);
  const running = processes.flatMap((one) => one.instances).filter(({ state }) => state === 'running').length;
  return running >= wanted ? 'RUNNING' : `${Math.floor((100 * running) / wanted)}%`;
}

/** The number alone for `web`, which is the only process there was. */
const label = (type: string, { index }: { readonly index: number }): string =>
  type === 'web' ? String(index) : `${type}/${index}`;

function stateOf({ state }: Pick<InstanceSnapshot, 'state'>): string {
  return state === 'backing-off' ? 'CRASHED' : state.toUpperCase();
}

function show({ terminal }: Context, app: string, header: string[], rows: string[][]): void {
  if (rows.length === 0) terminal.out(`No running instances for [${app}]`);
  else for (const line of table(header, rows)) terminal.out(line);
}
