/** `ps`: every process of the space, with its port. */
import type { Snapshot } from '../../runtime/snapshot.ts';
import { connectIfRunning } from '../connect.ts';
import type { Context } from '../context.ts';
import { table } from '../render/table.ts';

interface ListedProcess {
  readonly name: string;
  readonly kind: 'host' | 'app' | 'sidecar' | 'service';
  readonly pid: number;
  readonly port?: number;
  readonly debugPort?: number;
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
  const rows = listed.map(({ name, kind, pid, port, debugPort, state, command }) => [
    name,
    kind,
    String(pid),
    [port, debugPort === undefined ? undefined : `debug ${debugPort}`]
      .filter((one) => one !== undefined)
      .join(', '),
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
        instances.flatMap(({ index, pid, port, debugPort, state, sidecars = [] }): ListedProcess[] =>
          pid === undefined
            ? []
            : [
                {
                  name: `${name}/${type}/${index}`,
                  kind: 'app',
                  pid,
                  ...(port === undefined ? {} : { port }),
                  ...(debugPort === undefined ? {} : { debugPort }),
                  state,
                  command,
                },
                ...sidecars.map((sidecar) => ({
                  name: `${name}/${type}/${index}/${sidecar.name}`,
                  kind: 'sidecar' as const,
                  pid: sidecar.pid,
                  state,
                  command: sidecar.command,
                })),
              ],
        ),
      ),
    ),
    ...services.flatMap(({ name, type, pid, port, state }): ListedProcess[] =>
      pid === undefined ? [] : [{ name, kind: 'service', pid, port, state, command: type }],
    ),
  ];
}
