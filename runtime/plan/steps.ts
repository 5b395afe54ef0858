/**
 * What a push would do, in its order, in words: read off the plan and what the space has already. Pure; nothing is
 * started to find out. The order is that of `Platform.push`.
 */
import { formatSize } from '../kernel/bytes.ts';
import type { AppName, ServiceName } from '../kernel/names.ts';
import type { HookCommand } from '../manifest/types.ts';
import type { AppState } from '../snapshot.ts';
import { diffApp } from './diff-plan.ts';
import type { AppPlan, HealthPlan, Plan, ProcessPlan, ServicePlan } from './types.ts';

export interface Step {
  readonly do:
    | 'start-host'
    | 'create-service'
    | 'start-service'
    | 'use-service'
    | 'run-hook'
    | 'copy'
    | 'stage'
    | 'install'
    | 'stop'
    | 'start'
    | 'route'
    | 'unroute'
    | 'watch';
  readonly app?: AppName;
  readonly service?: ServiceName;
  /** A sentence in the imperative. */
  readonly what: string;
  /** Half a sentence. */
  readonly because: string;
}

/** What there is now. */
export interface Existing {
  readonly hostRuns: boolean;
  /** Services of the space, by name. */
  readonly services: ReadonlyMap<string, { readonly type: string; readonly runs: boolean }>;
  readonly apps: ReadonlyMap<string, { readonly plan: AppPlan; readonly state: AppState }>;
}

/** What a push was told besides the manifest. */
export interface How {
  readonly fromCopy: boolean;
  readonly rolling: boolean;
  /** Names of services whose engine runs elsewhere. */
  readonly bound: ReadonlySet<string>;
  readonly allowMissingServices: boolean;
  /** Route on HTTPS as well. */
  readonly tls: boolean;
}

export function stepsOf(plan: Plan, existing: Existing, how: How): readonly Step[] {
  const running = new Set([...existing.services].filter(([, { runs }]) => runs).map(([name]) => name));
  return [
    ...plan.apps.flatMap((app) =>
      hooks('pre-push', app, app.manifest.hooks.prePush, 'on your machine, by your shell'),
    ),
    ...(existing.hostRuns
      ? []
      : [step('start-host', {}, 'Start the host process of the space and its router', 'none runs')]),
    ...plan.services.map((service) => provision(service, existing)),
    ...plan.apps.flatMap((app) => [...startServices(app, running, how), ...appSteps(app, existing, how)]),
  ];
}

function provision({ name, type, plan }: ServicePlan, { services }: Existing): Step {
  const known = services.get(name);
  return known?.type === type
    ? step(
        'use-service',
        { service: name },
        `Use service ${name}: ${type}, plan ${plan}`,
        'it exists in the space',
      )
    : step(
        'create-service',
        { service: name },
        `Create service ${name}: ${type}, plan ${plan}`,
        known ? `as ${known.type} it never served` : 'the space has none of that name',
      );
}

/** `running` grows: a service that two apps share is started once. */
function startServices(
  { name: app, bindings }: AppPlan,
  running: Set<string>,
  { bound, allowMissingServices }: How,
): readonly Step[] {
  return bindings.flatMap((service) => {
    if (running.has(service)) return [];
    running.add(service);
    if (bound.has(service))
      return [
        step('use-service', { app, service }, `Reach the engine of service ${service} elsewhere`, '--bind'),
      ];
    const unless = allowMissingServices ? '; left out where its engine is not installed' : '';
    return [
      step('start-service', { app, service }, `Start service ${service}`, `${app} is bound to it${unless}`),
    ];
  });
}

function appSteps(app: AppPlan, existing: Existing, { fromCopy, rolling, tls }: How): readonly Step[] {
  const of = { app: app.name };
  const known = existing.apps.get(app.name);
  const because = known ? becauseAgain(known.plan, app) : 'first push';
  const { hooks: all } = app.manifest;
  const { facts } = app;
  const installs = [...facts.requirementFiles, ...requirementsOf(app)];
  const runs = known !== undefined && known.state !== 'stopped';
  return [
    ...(fromCopy ? [step('copy', of, `Copy ${app.root} without what is ignored`, '--staged')] : []),
    step('stage', of, `Stage ${app.name} in ${app.root}: ${facts.buildpack} (${facts.because})`, because),
    ...hooks('pre-staging', app, all.preStaging, 'a fresh shell'),
    ...(installs.length > 0
      ? [
          step(
            'install',
            of,
            `Install what ${installs.join(', ')} asks for`,
            'unless it is there from before',
          ),
        ]
      : []),
    ...hooks('post-staging', app, all.postStaging, 'a fresh shell'),
    ...(runs && !rolling
      ? [step('stop', of, `Stop what runs of ${app.name}; requests are held meanwhile`, because)]
      : []),
    ...hooks('pre-running', app, all.preRunning, 'in the shell that starts the app'),
    ...app.processes.map((process) => start(app, process)),
    ...(runs && rolling
      ? [
          step(
            'stop',
            of,
            `Stop what ran of ${app.name}, each instance when a new one is healthy`,
            '--strategy rolling',
          ),
        ]
      : []),
    app.routes.length > 0
      ? step(
          'route',
          of,
          `Route ${app.routes.join(', ')} to ${app.name}${tls ? ', on HTTPS as well' : ''}`,
          `${routesBecause(app)}${tls ? '; --tls' : ''}`,
        )
      : step('route', of, `Route nothing to ${app.name}`, 'the manifest asks for no route'),
    ...unroute(app, known?.plan.routes ?? []),
    app.watch.enabled
      ? step(
          'watch',
          of,
          `Watch ${app.root} and restart ${app.name} when a file changes`,
          'unless --no-watch',
        )
      : step('watch', of, `Do not watch ${app.root}`, app.watch.because ?? ''),
  ];
}

/** The manifest's routes are the app's, so a push may take some away. */
function unroute(app: AppPlan, before: readonly string[]): readonly Step[] {
  const lost = before.filter((route) => !app.routes.includes(route));
  if (lost.length === 0) return [];
  const isNone = app.manifest.routes.kind === 'none';
  const otherwise = app.dialect === 'cloud-foundry' && !isNone ? '; Cloud Foundry would keep it' : '';
  return [
    step(
      'unroute',
      { app: app.name },
      `Route ${lost.join(', ')} to ${app.name} no longer`,
      `the manifest does not ask for it any more${otherwise}`,
    ),
  ];
}

function start(app: AppPlan, process: ProcessPlan): Step {
  const { type, command, commandFrom, instances, memoryBytes, health } = process;
  const many = instances === 0 ? 'no instance' : instances === 1 ? '1 instance' : `${instances} instances`;
  return step(
    'start',
    { app: app.name },
    `Start ${many} of ${type}: ${command} (${formatSize(memoryBytes)}${instances > 0 ? `, ${until(health)}` : ''})`,
    `the command is from ${commandFrom}`,
  );
}

function until({ type, endpoint, startTimeoutMs }: HealthPlan): string {
  const bound = `within ${startTimeoutMs / 1000} s`;
  switch (type) {
    case 'port':
      return `healthy when its port answers, ${bound}`;
    case 'http':
      return `healthy when GET ${endpoint} answers 200, ${bound}`;
    case 'process':
      return 'healthy while it runs';
  }
}

function hooks(name: string, app: AppPlan, commands: readonly HookCommand[], how: string): readonly Step[] {
  return commands.map(({ command, ignoreFailure }) =>
    step(
      'run-hook',
      { app: app.name },
      `Run the ${name} hook of ${app.name}: ${command}`,
      `${how}${ignoreFailure ? '; its failure does not matter' : ''}`,
    ),
  );
}

/** A push starts an app anew in any case; what has changed since the last is worth knowing. */
function becauseAgain(before: AppPlan, next: AppPlan): string {
  const changes = new Set(diffApp(before, next).map(({ because }) => because));
  return changes.size > 0 ? `pushed again: ${[...changes].join(', ')}` : 'pushed again, nothing changed';
}

function requirementsOf({ manifest: { requirements } }: AppPlan): readonly string[] {
  return requirements.pip.length > 0 ? ['"requirements" of the manifest'] : [];
}

function routesBecause({ manifest: { routes } }: AppPlan): string {
  switch (routes.kind) {
    case 'list':
      return 'the manifest asks for it';
    case 'random':
      return 'the manifest asks for a random route';
    default:
      return "the app's name, as the manifest names no route";
  }
}

function step(what: Step['do'], of: Pick<Step, 'app' | 'service'>, sentence: string, because: string): Step {
  return { do: what, ...of, what: sentence, because };
}
