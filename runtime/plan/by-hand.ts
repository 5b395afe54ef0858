/**
 * What was changed by hand since the push (`scale`, `map-route`, `bind-service` …), laid over the plan. Pure.
 *
 * As on the platforms, a push adds and does not take away: a route or service that was added by hand stays until it
 * is removed by hand. A number set by hand holds until the manifest asks for another than it did before, or a flag of
 * a push names one.
 */
import type { ServiceName } from '../kernel/names.ts';
import type { Overrides } from '../manifest/options.ts';
import type { AppManifest } from '../manifest/types.ts';
import type { AppPlan, ByHand, ChecksByHand, ProcessPlan, ScaleByHand } from './types.ts';

export const NOTHING_BY_HAND: ByHand = {
  setEnv: {},
  unsetEnv: [],
  scale: {},
  routes: { mapped: [], unmapped: [] },
  services: { bound: [], unbound: [] },
};

const NO_DRAINS = { added: [], removed: [] } as const;

/** The plan as it is run. */
export function withByHand(plan: AppPlan, byHand: ByHand): AppPlan {
  const { unsetEnv, scale, routes, services, checks = {}, drains = NO_DRAINS } = byHand;
  const env = Object.entries(plan.manifest.env).filter(([name]) => !unsetEnv.includes(name));
  const gone = new Set([...drains.removed, ...drains.added.map(({ name }) => name)]);
  return {
    ...plan,
    manifest: {
      ...plan.manifest,
      env: Object.fromEntries(env),
      drains: plan.manifest.drains.filter(({ name }) => !gone.has(name)),
    },
    ...(drains.added.length > 0 ? { drains: drains.added } : {}),
    processes: plan.processes.map((process) =>
      checked(scaled(process, scale[process.type]), checks[process.type]),
    ),
    routes: joined(plan.routes, routes.mapped, routes.unmapped),
    bindings: joined<ServiceName>(plan.bindings, services.bound, services.unbound),
  };
}

/**
 * What of it still holds when the manifest is read anew: what the manifest names again comes back.
 * @param flags those of the push, which is the last that was said; an edit is read with them, and has none
 */
export function carriedOver(
  byHand: ByHand,
  was: AppManifest,
  is: AppManifest,
  flags: Overrides = {},
): ByHand {
  return {
    setEnv: byHand.setEnv,
    unsetEnv: [],
    scale: Object.fromEntries(
      Object.entries(byHand.scale).map(([type, scale]) => [
        type,
        withoutFlagged(type, stillScaled(type, scale, was, is), flags),
      ]),
    ),
    routes: { mapped: is.routes.kind === 'none' ? [] : byHand.routes.mapped, unmapped: [] },
    services: { bound: byHand.services.bound, unbound: [] },
    ...(byHand.checks ? { checks: stillChecked(byHand.checks, was, is, flags) } : {}),
    ...(byHand.drains ? { drains: { added: byHand.drains.added, removed: [] } } : {}),
  };
}

function stillScaled(type: string, scale: ScaleByHand, was: AppManifest, is: AppManifest): ScaleByHand {
  const before = was.processes.find((process) => process.type === type);
  const now = is.processes.find((process) => process.type === type);
  const same = (key: keyof ScaleByHand): boolean => before?.[key] === now?.[key];
  return Object.fromEntries(
    Object.entries(scale).filter(([key]) => same(key as keyof ScaleByHand)),
  ) as ScaleByHand;
}

/** Flags are about the web process. */
function withoutFlagged(
  type: string,
  scale: ScaleByHand,
  { instances, memory, disk }: Overrides,
): ScaleByHand {
  if (type !== 'web') return scale;
  const flagged = { instances, memoryBytes: memory, diskBytes: disk };
  return Object.fromEntries(
    Object.entries(scale).filter(([key]) => flagged[key as keyof ScaleByHand] === undefined),
  ) as ScaleByHand;
}

/** A check set by hand holds until the manifest asks for another than it did before. */
function stillChecked(
  checks: NonNullable<ByHand['checks']>,
  was: AppManifest,
  is: AppManifest,
  { healthCheckType, endpoint }: Overrides,
): NonNullable<ByHand['checks']> {
  const isFlagged = healthCheckType !== undefined || endpoint !== undefined;
  const asked = (manifest: AppManifest, type: string, check: keyof ChecksByHand): string => {
    // How long a start may take is no part of a check, though it is kept with it.
    const { startTimeoutSeconds: _, ...rest } = {
      startTimeoutSeconds: 0,
      ...manifest.processes.find((process) => process.type === type)?.[check],
    };
    return JSON.stringify(rest);
  };
  return Object.fromEntries(
    Object.entries(checks).map(([type, { health, readiness }]) => [
      type,
      {
        ...(health &&
        !(isFlagged && type === 'web') &&
        asked(was, type, 'health') === asked(is, type, 'health')
          ? { health }
          : {}),
        ...(readiness && asked(was, type, 'readiness') === asked(is, type, 'readiness') ? { readiness } : {}),
      },
    ]),
  );
}

function checked(process: ProcessPlan, by: ChecksByHand | undefined): ProcessPlan {
  if (!by) return process;
  const { health, readiness } = process;
  return { ...process, health: { ...health, ...by.health }, readiness: { ...readiness, ...by.readiness } };
}

function scaled(process: ProcessPlan, scale: ScaleByHand | undefined): ProcessPlan {
  return scale ? { ...process, ...scale } : process;
}

function joined<T extends string>(planned: readonly T[], added: readonly T[], removed: readonly T[]): T[] {
  const gone = new Set<string>(removed);
  return [...new Set([...planned, ...added])].filter((one) => !gone.has(one));
}
