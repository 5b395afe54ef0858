/** `ps`: every process of the space, with its port, and `wait`: until an app is as wanted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, PaasError } from '../../runtime/kernel/errors.ts';
import { suggest } from '../../runtime/kernel/suggest.ts';
import type { AppSnapshot, Snapshot } from '../../runtime/snapshot.ts';
import { connectIfRunning } from '../connect.ts';
import type { CommonOptions, Context } from '../context.ts';
import { table } from '../render/table.ts';
import { appNames } from '../which-app.ts';
import { listApps } from './apps.ts';

interface ListedProcess {
  readonly name: string;
  readonly kind: 'host' | 'app' | 'service';
  readonly pid: number;
  readonly port?: number;
  readonly state: string;
  readonly command: string;
}

export async function ps(context: Context): Promise<number> {
  const { terminal, json, paths } = context;
  using client = await connectIfRunning(context);
  const listed = client ? listProcesses(await client.call('snapshot', {})) : [];
  if (json) {
    terminal.out(JSON.stringify({ space: paths.name, processes: listed }));
    return 0;
  }
  if (listed.length === 0) {
    terminal.out(`Nothing runs in space ${paths.name}`);
    return 0;
  }
  const rows = listed.map(({ name, kind, pid, port, state, command }) => [
    name,
    kind,
    String(pid),
    port === undefined ? '' : String(port),
    state,
    command,
  ]);
  for (const line of table(['name', 'kind', 'pid', 'port', 'state', 'command'], rows)) terminal.out(line);
  return 0;
}

function listProcesses({ host, router, apps, services }: Snapshot): readonly ListedProcess[] {
  return [
    {
      name: 'paas-local',
      kind: 'host',
      pid: host.pid,
      ...(router ? { port: router.port } : {}),
      state: 'running',
      command: `version ${host.version}`,
    },
    ...apps.flatMap(({ name, processes }) =>
      processes.flatMap(({ type, command, instances }) =>
        instances.flatMap(({ index, pid, port, state }): ListedProcess[] =>
          pid === undefined
            ? []
            : [
                {
                  name: `${name}/${type}/${index}`,
                  kind: 'app',
                  pid,
                  ...(port === undefined ? {} : { port }),
                  state,
                  command,
                },
              ],
        ),
      ),
    ),
    ...services.flatMap(({ name, type, pid, port, state }): ListedProcess[] =>
      pid === undefined ? [] : [{ name, kind: 'service', pid, port, state, command: type }],
    ),
  ];
}

export interface WaitOptions extends CommonOptions {
  readonly for: 'ready' | 'up' | 'down';
  /** Milliseconds. */
  readonly timeout: number;
}

const LOOK_MS = 50;

/** @returns 3 where it is not so in time */
export async function wait(
  context: Context,
  names: readonly string[],
  options: WaitOptions,
): Promise<number> {
  const { terminal, json } = context;
  const wanted = await appNames(context, names);
  const until = performance.now() + options.timeout;
  for (;;) {
    const apps = await listApps(context);
    const found = wanted.map((name) => apps.find((app) => app.name === name));
    // An app may be about to be pushed: only one that must be gone is known to be missing.
    const late = wanted.filter((_, index) => !isSo(found[index], options.for));
    if (late.length === 0) {
      if (json) terminal.out(JSON.stringify({ apps: found.filter((app) => app !== undefined) }));
      else terminal.out(`${wanted.join(', ')}: ${options.for}`);
      return EXIT.ok;
    }
    if (performance.now() > until) throw tooLate(late, apps, options);
    await sleep(LOOK_MS);
  }
}

function isSo(app: AppSnapshot | undefined, wanted: WaitOptions['for']): boolean {
  if (wanted === 'down') return !app || app.state === 'stopped';
  if (app?.state !== 'started') return false;
  const instances = app.processes.flatMap((process) => process.instances);
  return wanted === 'up' || instances.every(({ routable }) => routable);
}

function tooLate(late: readonly string[], apps: readonly AppSnapshot[], options: WaitOptions): PaasError {
  const known = apps.map(({ name }) => name);
  const states = late.map((name) => {
    const app = apps.find((one) => one.name === name);
    return app ? `${name} is ${app.state} (${app.reason})` : `there is no app "${name}"`;
  });
  const near = late.map((name) => suggest(name, known)).find((name) => name !== undefined);
  return new PaasError('WAITED_TOO_LONG', {
    wanted: options.for,
    seconds: options.timeout / 1000,
    states,
    suggestion: near ?? null,
  });
}
