/** The processes of an app: what the manifest asks for, joined with the commands that were found. Pure. */
import { PaasError } from '../kernel/errors.ts';
import type { AppManifest, Dialect, HealthRequest, ProcessManifest } from '../manifest/types.ts';
import type { AppFacts } from '../staging/types.ts';
import type { AppPlan, HealthPlan, ProcessPlan, SidecarPlan } from './types.ts';

export interface ProcessesInput {
  readonly app: AppManifest;
  readonly dialect: Dialect;
  readonly facts: AppFacts;
  /** `--command`, over the manifest's. */
  readonly command: string | undefined;
  /** What the folder holds at its top, for the message when no start command is found. */
  readonly listing: readonly string[];
}

/**
 * Those that have a command; a `web` process must. In Cloud Foundry's dialect every further type of a Procfile is a
 * process too, with no instance until it is scaled; Stackato knows `web` only.
 * @throws PaasError `NO_START_COMMAND`
 */
export function planProcesses(input: ProcessesInput): readonly ProcessPlan[] {
  const { app, dialect, facts } = input;
  const asked = app.processes.flatMap((process) => planProcess(process, input));
  if (dialect === 'stackato') return asked;
  const known = new Set(app.processes.map(({ type }) => type));
  const template = app.processes[0];
  const further = Object.keys(facts.commands).filter((type) => !known.has(type));
  return [
    ...asked,
    ...(template ? further.flatMap((type) => planProcess(fromProcfile(type, template), input)) : []),
  ];
}

/** As the platform makes a process it finds in a Procfile: its defaults, and no instance. */
function fromProcfile(type: string, template: ProcessManifest): ProcessManifest {
  const { command: _, logRateBytesPerSecond: __, ...rest } = template;
  const check = { ...template.readiness, type: 'process', endpoint: '/' } as const;
  return { ...rest, type, instances: 0, health: check, readiness: check };
}

function planProcess(process: ProcessManifest, input: ProcessesInput): readonly ProcessPlan[] {
  const { app, facts } = input;
  const detected = facts.commands[process.type];
  const override = process.type === 'web' ? input.command : undefined;
  const command = override ?? process.command ?? detected?.command;
  if (command === undefined) {
    if (process.type !== 'web' && process.instances === 0) return [];
    throw new PaasError('NO_START_COMMAND', {
      app: app.name,
      process: process.type,
      dialect: input.dialect,
      root: app.root,
      lookedFor: [...facts.lookedFor],
      found: [...input.listing],
    });
  }
  return [
    {
      type: process.type,
      command,
      commandFrom: override ? '--command' : process.command ? 'manifest' : detected!.from,
      instances: process.instances,
      memoryBytes: process.memoryBytes,
      diskBytes: process.diskBytes,
      ...(process.logRateBytesPerSecond === undefined
        ? {}
        : { logRateBytesPerSecond: process.logRateBytesPerSecond }),
      health: planHealth(process.health),
      readiness: planHealth(process.readiness),
      sidecars: planSidecars(app, process.type),
    },
  ];
}

function planSidecars(app: AppManifest, type: string): readonly SidecarPlan[] {
  return app.sidecars
    .filter(({ processTypes }) => processTypes.includes(type))
    .map(({ name, command, memoryBytes }) => ({
      name,
      command,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    }));
}

function planHealth(health: HealthRequest): HealthPlan {
  return {
    type: health.type,
    endpoint: health.endpoint,
    startTimeoutMs: health.startTimeoutSeconds * 1000,
    invocationTimeoutMs: health.invocationTimeoutSeconds * 1000,
    intervalMs: health.intervalSeconds * 1000,
  };
}

/** The process of this type, `web` or the first where none is named. @throws PaasError `PROCESS_NOT_FOUND` */
export function processNamed({ name, processes }: AppPlan, type?: string): ProcessPlan {
  const found = processes.find((process) => process.type === (type ?? 'web'));
  if (found) return found;
  if (type === undefined && processes[0]) return processes[0];
  const known = processes.map((process) => process.type);
  throw new PaasError('PROCESS_NOT_FOUND', { app: name, process: type ?? 'web', known });
}
