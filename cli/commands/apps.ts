/** `apps`: what is in this space, running or not. */
import { loadRecord } from '../../runtime/state/record.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { connectIfRunning } from '../connect.ts';
import type { Context } from '../context.ts';
import { table } from '../render/table.ts';

export async function apps(context: Context): Promise<number> {
  const { terminal, json, paths } = context;
  const listed = await listApps(context);
  if (json) {
    terminal.out(JSON.stringify({ space: paths.name, apps: listed }));
    return 0;
  }
  terminal.out(`Getting apps in space ${paths.name}...\n`);
  if (listed.length === 0) {
    terminal.out('No apps found');
    return 0;
  }
  const rows = listed.map((app) => [
    app.name,
    app.requestedState,
    app.state,
    processes(app),
    app.urls.join(', '),
  ]);
  for (const line of table(['name', 'requested state', 'state', 'processes', 'routes'], rows))
    terminal.out(line);
  return 0;
}

/** From the host when one runs, else from what the space remembers. */
export async function listApps(context: Context): Promise<readonly AppSnapshot[]> {
  using client = await connectIfRunning(context);
  if (client) return (await client.call('snapshot', {})).apps;
  const { record } = loadRecord(context.paths.record);
  return Object.values(record.apps).map(({ id, plan, desired }) => ({
    name: plan.name,
    id,
    state: 'stopped',
    requestedState: desired,
    reason: 'no host runs',
    dialect: plan.dialect,
    root: plan.root,
    buildpack: plan.facts.buildpack,
    urls: [],
    services: plan.bindings,
    processes: plan.processes.map(({ type, command, memoryBytes }) => ({
      type,
      command,
      memoryBytes,
      instances: [],
    })),
  }));
}

function processes(app: AppSnapshot): string {
  return app.processes
    .map(({ type, instances }) => {
      const running = instances.filter(({ state }) => state === 'running').length;
      return `${type}:${running}/${instances.length}`;
    })
    .join(', ');
}
