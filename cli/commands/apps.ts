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
  const { apps: listed, hostRuns } = await listSpace(context);
  if (json) {
    terminal.out(JSON.stringify({ space: paths.name, apps: listed }));
    return 0;
  }
  terminal.out(`Getting apps in space ${paths.name}...\n`);
  if (listed.length === 0) {
    terminal.out('No apps found');
    terminal.err('Push the one in this folder with: paas-local push');
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
  if (!hostRuns) terminal.err(`\n${tip(listed)}`);
  return 0;
}

/** Those that were pushed with --detach and not stopped come back by themselves as soon as there is a host. */
function tip(listed: readonly AppSnapshot[]): string {
  const back = listed.filter(({ requestedState }) => requestedState === 'started').map(({ name }) => name);
  if (back.length === 0)
    return `Nothing runs here. Start one with: paas-local start ${listed[0]!.name}, or push it again: paas-local push`;
  return `Nothing runs here: there is no host. Bring ${back.join(', ')} back with: paas-local start`;
}

/** From the host when one runs, else from what the space remembers. */
export async function listApps(context: Context): Promise<readonly AppSnapshot[]> {
  return (await listSpace(context)).apps;
}

interface ListedSpace {
  readonly apps: readonly AppSnapshot[];
  readonly hostRuns: boolean;
}

async function listSpace(context: Context): Promise<ListedSpace> {
  using client = await connectIfRunning(context);
  if (client) return { apps: (await client.call('snapshot', {})).apps, hostRuns: true };
  const apps = Object.values(remembered(context).apps).map((app) => restingSnapshot(app, 'no host runs'));
  return { apps, hostRuns: false };
}

function processes(app: AppSnapshot): string {
  return app.processes.map((process) => `${process.type}:${countRunning(process)}`).join(', ');
}

/** `1/2`: so many run of so many that are wanted. */
export function countRunning({ instances, wanted }: ProcessSnapshot): string {
  return `${instances.filter(({ state }) => state === 'running').length}/${wanted}`;
}
