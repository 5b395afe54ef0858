/** `service NAME` and `services`: what runs, where, with which credentials and figures. */
import type { ServiceSnapshot } from '../../runtime/snapshot.ts';
import { connect, connectIfRunning } from '../connect.ts';
import { anyPort, type Context } from '../context.ts';
import { pairs, table } from '../render/table.ts';
import { harmless } from '../render/terminal.ts';
import { BROKER } from './marketplace.ts';
import { remembered } from '../remembered.ts';

export async function service(context: Context, name: string): Promise<number> {
  const { terminal, json } = context;
  using client = await connect(context, anyPort(context));
  const details = await client.call('service', { name });
  if (json) {
    terminal.out(JSON.stringify(details));
    return 0;
  }
  const { service: facts, credentials, stats, contents } = details;
  terminal.out(`Showing info of service ${name} in space ${context.paths.name}...\n`);
  const rows: [string, string][] = [
    ['name', facts.name],
    ['offering', facts.type],
    ['plan', facts.plan],
    ['state', facts.state],
    ['address', address(facts)],
    ...(facts.engine === undefined ? [] : [['engine', facts.engine] satisfies [string, string]]),
    ['bound apps', facts.boundApps.join(', ')],
    ...(facts.snapshots ?? []).map(({ name: snapshot, takenAt }): [string, string] => [
      'snapshot',
      `${snapshot}, of ${new Date(takenAt).toISOString()}`,
    ]),
  ];
  for (const line of pairs(rows)) terminal.out(line);
  section(
    'Credentials:',
    Object.entries(credentials).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  section('Figures:', shownStats(stats));
  if (contents.length > 0) {
    terminal.out('\nContent:');
    // What an app sent is shown as it is, but for what would act on the terminal.
    for (const line of contents) terminal.out(`  ${harmless(line, false)}`);
  }
  return 0;

  function section(title: string, entries: [string, string][]): void {
    if (entries.length === 0) return;
    terminal.out(`\n${title}`);
    for (const line of pairs(entries)) terminal.out(`  ${line}`);
  }
}

function address({ host, port, state }: ServiceSnapshot): string {
  if (port > 0) return `${host}:${port}`;
  return state === 'running' ? 'none, nothing listens' : 'not started yet';
}

/** What people look for, of a cache's many figures; `--json` has them all. */
const SHOWN = [
  'curr_items', 'bytes', 'limit_maxbytes', 'curr_connections', 'cmd_get', 'cmd_set', 'get_hits', 'get_misses', 'evictions',
]; // prettier-ignore

function shownStats(stats: Readonly<Record<string, string | number>>): [string, string][] {
  const shown = SHOWN.filter((name) => name in stats).map((name): [string, string] => [
    name,
    String(stats[name]),
  ]);
  const hits = Number(stats.get_hits);
  const asked = hits + Number(stats.get_misses);
  if (asked > 0) shown.unshift(['hit ratio', `${((100 * hits) / asked).toFixed(1)} %`]);
  return shown.length > 0 ? shown : Object.entries(stats).map(([name, value]) => [name, String(value)]);
}

/** As cf has them; what really is comes last. */
const SERVICE_COLUMNS = [
  'name', 'offering', 'plan', 'bound apps', 'last operation', 'broker', 'upgrade available', 'state',
]; // prettier-ignore

export async function services(context: Context): Promise<number> {
  const { terminal, json, paths } = context;
  const listed = await listServices(context);
  if (json) {
    terminal.out(JSON.stringify({ space: paths.name, services: listed }));
    return 0;
  }
  terminal.out(`Getting service instances in space ${paths.name}...\n`);
  if (listed.length === 0) {
    terminal.out('No service instances found.');
    return 0;
  }
  const rows = listed.map((each) => {
    const managed = each.type !== 'user-provided';
    const bound = each.boundApps.join(', ');
    const plan = managed ? each.plan : '';
    // It is made by its first start; there is no other last operation.
    return [
      each.name,
      each.type,
      plan,
      bound,
      each.createFailed ? 'create failed' : 'create succeeded',
      managed ? BROKER : '',
      managed ? 'no' : '',
      each.state,
    ];
  });
  for (const line of table(SERVICE_COLUMNS, rows)) terminal.out(line);
  return 0;
}

async function listServices(context: Context): Promise<readonly ServiceSnapshot[]> {
  using client = await connectIfRunning(context);
  if (client) return (await client.call('snapshot', {})).services;
  const record = remembered(context);
  return Object.values(record.services).map(({ plan, port, createFailed }) => ({
    name: plan.name,
    type: plan.type,
    plan: plan.plan,
    state: 'stopped',
    host: '127.0.0.1',
    port,
    boundApps: Object.values(record.apps)
      .filter((app) => app.plan.bindings.includes(plan.name))
      .map((app) => app.plan.name),
    ...(createFailed ? { createFailed } : {}),
  }));
}
