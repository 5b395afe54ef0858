/** Changes by hand of apps that were pushed: `scale`, `set-env`, `map-route`, `bind-service` and their opposites. */
import { PaasError } from '../kernel/errors.ts';
import { formatSize } from '../kernel/bytes.ts';
import type { ServiceName } from '../kernel/names.ts';
import { drainProblem } from '../logs/drain.ts';
import { processNamed } from '../plan/processes.ts';
import type { ByHand, ChecksByHand, HealthPlan, ProcessPlan, ScaleByHand } from '../plan/types.ts';
import type { App } from './app.ts';
import type { DrainRequest } from '../manifest/types.ts';
import type { Changes } from './changes.ts';

export interface EnvChange {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  /** Restart a running app, so that it sees the change. */
  readonly restart: boolean;
}

export class ByHandChanges {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /**
   * More or fewer instances at once; another memory or disk limit by a restart, as on the platform.
   * @throws PaasError `PROCESS_NOT_FOUND`, and as a launch
   */
  async scale(app: App, type: string, wanted: ScaleByHand, signal?: AbortSignal): Promise<void> {
    const process = processNamed(app.plan, type);
    const because = describeScale(process, wanted);
    if (because === undefined) return;
    const relaunch = limitsDiffer(process, wanted);
    await this.#changes.byHand(
      app,
      {
        action: 'scale',
        because,
        apply: relaunch ? 'relaunch' : 'scale',
        byHand: (byHand) => ({
          ...byHand,
          scale: { ...byHand.scale, [type]: { ...byHand.scale[type], ...wanted } },
        }),
      },
      signal,
    );
  }

  /**
   * Values set by hand win over the manifest's.
   * @returns whether the app was restarted for it
   * @throws PaasError `USAGE` for a name that is the platform's, and as a launch
   */
  async setEnv(app: App, { set, unset, restart }: EnvChange, signal?: AbortSignal): Promise<boolean> {
    for (const name of Object.keys(set)) checkVariable(name);
    const runs = app.record.desired === 'started' && app.state !== 'stopped';
    const names = [...Object.keys(set), ...unset].join(', ');
    await this.#changes.byHand(
      app,
      {
        action: unset.length > 0 ? 'unset-env' : 'set-env',
        because: unset.length > 0 ? `${names} unset by hand` : `${names} set by hand`,
        apply: restart && runs ? 'relaunch' : 'nothing',
        byHand: (byHand) => ({
          ...byHand,
          setEnv: Object.fromEntries(
            Object.entries({ ...byHand.setEnv, ...set }).filter(([name]) => !unset.includes(name)),
          ),
          unsetEnv: [...new Set([...byHand.unsetEnv, ...unset])].filter((name) => !(name in set)),
        }),
      },
      signal,
    );
    return restart && runs;
  }

  /** @param url without scheme: `host.domain/path` */
  async mapRoute(app: App, url: string): Promise<void> {
    await this.#changes.byHand(app, {
      action: 'map-route',
      because: `${url} mapped by hand`,
      apply: 'routes',
      byHand: (byHand) => ({ ...byHand, routes: added(byHand.routes, url) }),
    });
  }

  /** @throws PaasError `ROUTE_NOT_FOUND` */
  async unmapRoute(app: App, url: string): Promise<void> {
    if (!app.plan.routes.includes(url))
      throw new PaasError('ROUTE_NOT_FOUND', { app: app.name, route: url, known: [...app.plan.routes] });
    await this.#changes.byHand(app, {
      action: 'unmap-route',
      because: `${url} unmapped by hand`,
      apply: 'routes',
      byHand: (byHand) => ({ ...byHand, routes: removed(byHand.routes, url) }),
    });
  }

  /** From the next start on. @throws PaasError `PROCESS_NOT_FOUND` */
  async setCheck(
    app: App,
    type: string,
    check: keyof ChecksByHand,
    wanted: Partial<HealthPlan>,
  ): Promise<void> {
    processNamed(app.plan, type);
    await this.#changes.byHand(app, {
      action: check === 'health' ? 'set-health-check' : 'set-readiness-health-check',
      because: `${check} check of ${type}: ${wanted.type ?? ''}${wanted.endpoint ? ` ${wanted.endpoint}` : ''}, set by hand`,
      apply: 'nothing',
      byHand: (byHand) => {
        const { checks = {} } = byHand;
        const before = checks[type] ?? {};
        return {
          ...byHand,
          checks: { ...checks, [type]: { ...before, [check]: { ...before[check], ...wanted } } },
        };
      },
    });
  }

  /** @throws PaasError `USAGE` for a URL that is no drain, and for a name that is taken */
  async addDrain(app: App, drain: DrainRequest): Promise<void> {
    const problem = drainProblem(drain.url);
    if (problem)
      throw new PaasError('USAGE', {
        message: `Cannot use "${drain.url}" as a drain: ${problem}`,
        hint: 'Write udp://HOST:PORT or tcp://HOST:PORT, or a syslog://, syslog-tls:// or https:// URL',
      });
    const taken = [...app.plan.manifest.drains, ...(app.plan.drains ?? [])].find(
      ({ name }) => name === drain.name,
    );
    if (taken)
      throw new PaasError('USAGE', {
        message: `Cannot add drain "${drain.name}" to app "${app.name}": it has one of that name, to ${taken.url}`,
        hint: `Remove it first: paas-local drain delete ${app.name} ${drain.name}`,
      });
    await this.#changeDrains(
      app,
      `drain ${drain.name} to ${drain.url} added by hand`,
      ({ added, removed }) => ({
        added: [...added, drain],
        removed,
      }),
    );
  }

  /** @throws PaasError `DRAIN_NOT_FOUND` */
  async deleteDrain(app: App, name: string): Promise<void> {
    const { manifest, drains = [] } = app.plan;
    const known = [...manifest.drains, ...drains].map((drain) => drain.name);
    if (!known.includes(name)) throw new PaasError('DRAIN_NOT_FOUND', { app: app.name, drain: name, known });
    await this.#changeDrains(app, `drain ${name} removed by hand`, ({ added, removed }) => ({
      added: added.filter((drain) => drain.name !== name),
      removed: [...new Set([...removed, name])],
    }));
  }

  /** @returns false where it was bound already. @throws PaasError as a launch */
  async bind(app: App, service: ServiceName, restart: boolean, signal?: AbortSignal): Promise<boolean> {
    if (app.plan.bindings.includes(service)) return false;
    const { services } = app.record.byHand;
    const bound = [...services.bound.filter((one) => one !== service), service];
    const unbound = services.unbound.filter((one) => one !== service);
    await this.#rebind(app, 'bind-service', `${service} bound by hand`, { bound, unbound }, restart, signal);
    return true;
  }

  /** @returns false where it was not bound. @throws PaasError as a launch */
  async unbind(app: App, service: ServiceName, restart: boolean, signal?: AbortSignal): Promise<boolean> {
    if (!app.plan.bindings.includes(service)) return false;
    const { services } = app.record.byHand;
    const bound = services.bound.filter((one) => one !== service);
    const unbound = [...services.unbound.filter((one) => one !== service), service];
    await this.#rebind(
      app,
      'unbind-service',
      `${service} unbound by hand`,
      { bound, unbound },
      restart,
      signal,
    );
    return true;
  }

  async #changeDrains(
    app: App,
    because: string,
    change: (was: NonNullable<ByHand['drains']>) => NonNullable<ByHand['drains']>,
  ): Promise<void> {
    await this.#changes.byHand(app, {
      action: 'drain',
      because,
      apply: 'nothing',
      byHand: (byHand) => ({ ...byHand, drains: change(byHand.drains ?? { added: [], removed: [] }) }),
    });
  }

  async #rebind(
    app: App,
    action: string,
    because: string,
    services: ByHand['services'],
    restart: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.#changes.byHand(
      app,
      {
        action,
        because,
        apply: restart ? 'relaunch' : 'nothing',
        byHand: (byHand) => ({ ...byHand, services }),
      },
      signal,
    );
  }
}

/** Those the platform sets itself it does not let an app set. */
function checkVariable(name: string): void {
  const problem = /^(PORT|VCAP_.*|VMC.*)$/i.test(name)
    ? `Cannot set "${name}": the platform sets it`
    : /[=\0]/.test(name) || name === ''
      ? `Cannot use "${name}" as the name of a variable`
      : undefined;
  if (problem) throw new PaasError('USAGE', { message: problem });
}

type Routes = ByHand['routes'];

const added = ({ mapped, unmapped }: Routes, url: string): Routes => ({
  mapped: [...mapped.filter((one) => one !== url), url],
  unmapped: unmapped.filter((one) => one !== url),
});

const removed = ({ mapped, unmapped }: Routes, url: string): Routes => ({
  mapped: mapped.filter((one) => one !== url),
  unmapped: [...unmapped.filter((one) => one !== url), url],
});

/** Undefined where nothing changes. */
function describeScale(process: ProcessPlan, wanted: ScaleByHand): string | undefined {
  const change = (name: string, was: number, is: number | undefined, show: (value: number) => string) =>
    is === undefined || is === was ? [] : [`${name} of ${process.type}: ${show(was)} → ${show(is)}`];
  const changes = [
    ...change('instances', process.instances, wanted.instances, String),
    ...change('memory', process.memoryBytes, wanted.memoryBytes, formatSize),
    ...change('disk', process.diskBytes, wanted.diskBytes, formatSize),
  ];
  return changes.length > 0 ? changes.join(', ') : undefined;
}

function limitsDiffer(process: ProcessPlan, wanted: ScaleByHand): boolean {
  return (
    (wanted.memoryBytes ?? process.memoryBytes) !== process.memoryBytes ||
    (wanted.diskBytes ?? process.diskBytes) !== process.diskBytes
  );
}
