/** What must be done to get from one app plan to the next. Pure; `because` is what the user reads. */
import { isDeepStrictEqual } from 'node:util';
import type { AppPlan, Change } from './types.ts';

/** An empty list means nothing that runs is touched. */
export function diffApp(current: AppPlan | undefined, next: AppPlan): readonly Change[] {
  const app = next.name;
  if (!current) {
    const because = 'first push';
    return [
      { kind: 'stage', app, because },
      { kind: 'launch', app, because },
    ];
  }
  const staging = stagingChange(current, next);
  if (staging) {
    return [
      { kind: 'stage', app, because: staging },
      { kind: 'relaunch', app, because: staging },
    ];
  }
  const running = runningChange(current, next);
  if (running) return [{ kind: 'relaunch', app, because: running }];
  const scale = scaleChange(current, next);
  if (scale) return [{ kind: 'scale', app, because: scale }];
  if (!isDeepStrictEqual(current.routes, next.routes))
    return [{ kind: 'reroute', app, because: 'routes changed' }];
  return [];
}

function stagingChange(current: AppPlan, next: AppPlan): string | undefined {
  const was = current.manifest;
  const is = next.manifest;
  if (current.root !== next.root) return 'path changed';
  if (!isDeepStrictEqual(was.requirements, is.requirements)) return 'requirements changed';
  if (!isDeepStrictEqual(was.buildpacks, is.buildpacks)) return 'buildpack changed';
  if (!isDeepStrictEqual(was.framework, is.framework)) return 'framework changed';
  if (current.facts.buildpack !== next.facts.buildpack) return `now a ${next.facts.buildpack} app`;
  if (!isDeepStrictEqual(commandsOf(was.hooks.preStaging), commandsOf(is.hooks.preStaging)))
    return 'pre-staging hooks changed';
  if (!isDeepStrictEqual(commandsOf(was.hooks.postStaging), commandsOf(is.hooks.postStaging)))
    return 'post-staging hooks changed';
  return undefined;
}

function runningChange(current: AppPlan, next: AppPlan): string | undefined {
  const process = processChange(current, next);
  if (process) return process;
  const variable = changedVariable(current, next);
  if (variable) return `env ${variable} changed`;
  if (!isDeepStrictEqual(current.bindings, next.bindings) || serviceReplaced(current, next))
    return 'services changed';
  if (
    !isDeepStrictEqual(
      commandsOf(current.manifest.hooks.preRunning),
      commandsOf(next.manifest.hooks.preRunning),
    )
  ) {
    return 'pre-running hooks changed';
  }
  if (current.dialect !== next.dialect) return `dialect is now ${next.dialect}`;
  return undefined;
}

/** One that never served gave its name to one of another type. */
function serviceReplaced(current: AppPlan, next: AppPlan): boolean {
  return next.manifest.services.some(({ name, type }) => {
    const was = current.manifest.services.find((service) => service.name === name)?.type;
    return was !== undefined && type !== undefined && was !== type;
  });
}

/** More or fewer of the same: what runs goes on. */
function scaleChange(current: AppPlan, next: AppPlan): string | undefined {
  const changes = next.processes.flatMap(({ type, instances }) => {
    const was = current.processes.find((process) => process.type === type)?.instances;
    return was === instances ? [] : [`instances of ${type}: ${was} → ${instances}`];
  });
  return changes.length > 0 ? changes.join(', ') : undefined;
}

function processChange(current: AppPlan, next: AppPlan): string | undefined {
  for (const process of next.processes) {
    const was = current.processes.find(({ type }) => type === process.type);
    if (!was) return `process ${process.type} is new`;
    if (was.command !== process.command) return `command of ${process.type} changed`;
    if (was.memoryBytes !== process.memoryBytes) return `memory of ${process.type} changed`;
    if (!isDeepStrictEqual([was.health, was.readiness], [process.health, process.readiness]))
      return `health check of ${process.type} changed`;
    if (!isDeepStrictEqual(was.sidecars, process.sidecars)) return `sidecars of ${process.type} changed`;
    if (
      !isDeepStrictEqual(
        { ...was, instances: 0, commandFrom: '' },
        { ...process, instances: 0, commandFrom: '' },
      )
    )
      return `process ${process.type} changed`;
  }
  return current.processes.length === next.processes.length ? undefined : 'a process is gone';
}

function changedVariable(current: AppPlan, next: AppPlan): string | undefined {
  const was = current.manifest.env;
  const is = next.manifest.env;
  return [...Object.keys(is), ...Object.keys(was)].find((name) => was[name]?.value !== is[name]?.value);
}

const commandsOf = (hooks: AppPlan['manifest']['hooks']['preStaging']): readonly unknown[] =>
  hooks.map(({ command, ignoreFailure }) => [command, ignoreFailure]);
