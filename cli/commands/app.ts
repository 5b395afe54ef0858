/** `app`: one app with its processes and instances, as `cf` shows it. */
import { formatSize } from '../../runtime/kernel/bytes.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { suggest } from '../../runtime/kernel/suggest.ts';
import type { AppSnapshot, InstanceUsage, ProcessSnapshot } from '../../runtime/snapshot.ts';
import { connectIfRunning } from '../connect.ts';
import type { CommonOptions, Context } from '../context.ts';
import { shownRoutes } from '../render/app-routes.ts';
import { pairs, table } from '../render/table.ts';
import { cfSize, isoSeconds, percent } from '../render/usage.ts';
import { oneApp } from '../which-app.ts';
import { countRunning, listApps } from './apps.ts';

export interface AppOptions extends CommonOptions {
  readonly guid?: boolean;
}

interface Found {
  readonly app: AppSnapshot;
  readonly usage: readonly InstanceUsage[];
}

export async function app(context: Context, name: string | undefined, options: AppOptions): Promise<number> {
  const { terminal, json } = context;
  const found = await findApp(context, await oneApp(context, name));
  if (json) {
    terminal.out(JSON.stringify(found));
    return 0;
  }
  if (options.guid) {
    terminal.out(found.app.id);
    return 0;
  }
  const { app: shown } = found;
  terminal.out(`Showing health and status for app ${shown.name} in space ${context.paths.name}...\n`);
  const rows: [string, string][] = [
    ['name', shown.name],
    ['requested state', shown.requestedState],
    ['state', `${shown.state} (${shown.reason || 'not started yet'})`],
    ['routes', shownRoutes(shown)],
    ['folder', shown.root],
    ['buildpack', shown.buildpack],
    ['services', shown.services.join(', ')],
  ];
  for (const line of pairs(rows)) terminal.out(line);
  showProcesses(context, found);
  return 0;
}

function showProcesses({ terminal }: Context, { app: shown, usage }: Found): void {
  for (const process of shown.processes) {
    terminal.out('');
    for (const line of pairs([
      ['type', process.type],
      ['sidecars', process.sidecars.join(', ')],
      ['instances', countRunning(process)],
      ['memory usage', formatSize(process.memoryBytes)],
      ['start command', process.command],
    ]))
      terminal.out(line);
    if (process.instances.length === 0) {
      terminal.out('There are no running instances of this process.');
      continue;
    }
    for (const line of table(INSTANCE_COLUMNS, instanceRows(process, usage))) terminal.out(line);
  }
}

/** There is no entitlement to the processor here, so that column is empty. */
const INSTANCE_COLUMNS = [
  '', 'state', 'since', 'cpu', 'memory', 'disk', 'logging', 'cpu entitlement', 'details', 'ready',
]; // prettier-ignore

function instanceRows(process: ProcessSnapshot, usage: readonly InstanceUsage[]): string[][] {
  const { memoryBytes, diskBytes, logRateBytesPerSecond: rate } = process;
  return process.instances.map((instance) => {
    const used = usage.find((one) => one.process === process.type && one.index === instance.index);
    return [
      `#${instance.index}`,
      instance.state,
      isoSeconds(instance.since),
      ...(used
        ? [
            percent(used.cpu),
            `${cfSize(used.memoryBytes)} of ${cfSize(memoryBytes)}`,
            `${used.disk.whole ? '' : 'over '}${cfSize(used.disk.bytes)} of ${cfSize(diskBytes)}`,
            `${cfSize(used.logBytesPerSecond)}/s of ${rate === undefined ? 'unlimited' : `${cfSize(rate)}/s`}`,
          ]
        : ['', '', '', '']),
      '',
      instance.reason ?? '',
      String(instance.routable),
    ];
  });
}

/** From the host, measured; without one, from what the space remembers. */
export async function findApp(context: Context, name: string): Promise<Found> {
  using client = await connectIfRunning(context);
  if (client) return await client.call('stats', { app: name });
  const all = await listApps(context);
  const resting = all.find((one) => one.name === name);
  if (resting) return { app: resting, usage: [] };
  const known = all.map((one) => one.name);
  throw new PaasError('APP_NOT_FOUND', { app: name, known, suggestion: suggest(name, known) ?? null });
}
