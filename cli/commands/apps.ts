/** `apps`: what is in this space, running or not. */
import type { AppSnapshot, ProcessSnapshot } from '../../runtime/snapshot.ts';
import { restingSnapshot } from '../../runtime/platform/app-snapshot.ts';
import { connectIfRunning } from '../connect.ts';
import type { Context } from '../context.ts';
import { shownRoutes } from '../render/app-routes.ts';
import { table } from '../render/table.ts';
import { remembered } from '../remembered.ts';

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
    processes(app),
    shownRoutes(app),
    app.state,
  ]);
  // As cf has them; what really is comes last.
  for (const line of table(['name', 'requested state', 'processes', 'routes', 'state'], rows))
    terminal.out(line);
  return 0;
}

/** From the host when one runs, else from what the space remembers. */
export async function listApps(context: Context): Promise<readonly AppSnapshot[]> {
  using client = await connectIfRunning(context);
  if (client) return (await client.call('snapshot', {})).apps;
  const record = remembered(context);
  return Object.values(record.apps).map((app) => restingSnapshot(app, 'no host runs'));
}

function processes(app: AppSnapshot): string {
  return app.processes.map((process) => `${process.type}:${countRunning(process)}`).join(', ');
}

/** `1/2`: so many run of so many that are wanted. */
export function countRunning({ instances, wanted }: ProcessSnapshot): string {
  return `${instances.filter(({ state }) => state === 'running').length}/${wanted}`;
}
