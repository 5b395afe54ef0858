/** A push: manifest → plan → services provisioned → apps staged and launched, one after another in the manifest's order. */
import { randomUUID } from 'node:crypto';
import type { ServiceType } from '../../services/kit/contract.ts';
import { inheritedEnv } from '../env/shell-env.ts';
import { PaasError } from '../kernel/errors.ts';
import type { Manifest } from '../manifest/types.ts';
import { NOTHING_BY_HAND } from '../plan/by-hand.ts';
import { keptByScale, keptNote } from '../plan/kept-by-scale.ts';
import type { AppPlan } from '../plan/types.ts';
import type { AppSnapshot } from '../snapshot.ts';
import { openAppSource } from '../staging/app-source.ts';
import { dependenciesOf } from '../staging/depends-on.ts';
import type { AppRecord, ManifestSource } from '../state/record.ts';
import { checkDebuggable, type DebugRequest } from './app-debugger.ts';
import type { App, Attachment } from './app.ts';
import type { Apps } from './apps.ts';
import type { Changes, Strategy } from './changes.ts';
import { appsOf, asRun, planFor } from './plan-for.ts';
import { checkRoomFor } from './room.ts';
import type { RouterDoor, RouterWish } from './router-door.ts';
import type { ServiceNeeds } from './service-needs.ts';
import type { Services } from './services.ts';
import type { SpaceState } from './space-state.ts';
import { withStoredEnv } from './stored-env.ts';

export interface PushRequest {
  readonly manifest: Manifest;
  readonly source: ManifestSource;
  /** `toolEnv` of the pushing shell. */
  readonly toolEnv: Readonly<Record<string, string>>;
  readonly detached: boolean;
  /** Run the apps in a copy of their folder, as on the platform, made anew for each start. */
  readonly fromCopy?: boolean;
  /** Default: all instances stop, then all start. */
  readonly strategy?: Strategy;
  /** Gives instance 0 of this process the terminal of the push; of an app that has such a process. */
  readonly attach?: Attachment;
  /** Only remembered: nothing is staged or started, and what runs of it is stopped. */
  readonly noStart?: boolean;
  /** Opens the debugger of instance 0 of a process. */
  readonly debug?: DebugRequest;
  /** A crashed instance is started again after this at most. */
  readonly maxBackoffMs?: number;
  /** Service name → URL of an engine that runs elsewhere. */
  readonly binds?: Readonly<Record<string, string>>;
  /** Go on without services whose engine is not installed. */
  readonly allowMissingServices?: boolean;
  /** Default: as the platform was made. */
  readonly router?: RouterWish;
}

export interface PushesOptions {
  readonly serviceTypes: readonly ServiceType[];
  readonly state: SpaceState;
  readonly apps: Apps;
  readonly services: Services;
  readonly needs: ServiceNeeds;
  readonly door: RouterDoor;
  readonly changes: Changes;
}

export class Pushes {
  readonly #options: PushesOptions;

  constructor(options: PushesOptions) {
    this.#options = options;
  }

  /**
   * Makes what the manifest asks for, app by app in its order; resolves when all are healthy.
   * @throws PaasError; apps that were up before the failing one stay up
   */
  async push(request: PushRequest, signal?: AbortSignal): Promise<readonly AppSnapshot[]> {
    const { source } = request;
    const { serviceTypes, state, apps, services, needs, door } = this.#options;
    const { manifest, notes } = withStoredEnv(request.manifest, state.record, source.envMode);
    const plan = planFor(manifest, source, state.record, serviceTypes, this.#mayBeReplaced);
    // Before anything is touched: a mistyped URL must not end what runs, nor be remembered.
    if (!request.noStart) {
      checkRoomFor(
        plan.apps.map((app) => asRun(app, state.record, source.overrides)),
        state.record,
      );
      const until = signal ?? new AbortController().signal;
      await Promise.all(
        plan.services.map((service) => services.tryMove(service, request.binds?.[service.name], until)),
      );
    }
    await door.open(request.router);
    for (const service of plan.services) {
      const url = request.binds?.[service.name];
      const mayBeMissing = request.allowMissingServices === true;
      services.provision(service, { url, mayBeMissing, apps: appsOf(manifest) });
    }
    for (const appPlan of plan.apps) {
      const app = this.#appFor(appPlan, request);
      for (const text of notes.get(app.name) ?? []) say(app, 'OUT', text);
      for (const kept of keptByScale(appPlan, asRun(appPlan, state.record, source.overrides))) {
        say(app, 'OUT', keptNote(app.name, kept));
      }
      this.#warn(app, appPlan);
      try {
        await this.#pushApp(app, appPlan, request, signal);
      } catch (error) {
        void needs.stopUnused();
        throw error;
      }
    }
    return plan.apps.map(({ name }) => apps.named(name).snapshot());
  }

  /**
   * Starts the services the manifest asks for and none of its apps; `env` tells what those would be given.
   * @throws PaasError
   */
  async startServices(request: PushRequest, signal: AbortSignal): Promise<void> {
    const { manifest, source, binds = {} } = request;
    const { serviceTypes, state, services } = this.#options;
    const plan = planFor(
      manifest,
      { ...source, servicesOnly: true },
      state.record,
      serviceTypes,
      this.#mayBeReplaced,
    );
    for (const service of plan.services) {
      services.provision(service, { url: binds[service.name], apps: appsOf(manifest) });
    }
    for (const appPlan of plan.apps) this.#appFor(appPlan, request);
    const names = plan.services.map(({ name }) => name);
    await services.start(names, signal);
  }

  readonly #mayBeReplaced = (name: string, pushed: ReadonlySet<string>): boolean =>
    this.#options.services.mayBeReplaced(name, pushed);

  async #pushApp(app: App, plan: AppPlan, request: PushRequest, signal?: AbortSignal): Promise<void> {
    const { source, toolEnv, detached, fromCopy = false, strategy = 'restart' } = request;
    const { attach, debug, maxBackoffMs, noStart = false } = request;
    if (debug) checkDebuggable(plan, debug);
    if (attach && !plan.processes.some(({ type }) => type === attach.process)) {
      const known = plan.processes.map(({ type }) => type);
      throw new PaasError('PROCESS_NOT_FOUND', { app: app.name, process: attach.process, known });
    }
    const shellEnv = inheritedEnv(toolEnv);
    const pushed = {
      source,
      shellEnv,
      detached,
      toolEnv,
      strategy,
      fromCopy,
      tls: request.router?.tls !== undefined,
      ...(attach ? { attach } : {}),
      ...(debug ? { debug } : {}),
      noStart,
      ...(maxBackoffMs === undefined ? {} : { maxBackoffMs }),
    };
    await this.#options.changes.push(app, plan, pushed, signal);
    if (noStart) await this.#options.needs.stopUnused();
  }

  /** The one there is, or a new one that was never started. */
  #appFor(plan: AppPlan, { source, toolEnv, detached }: PushRequest): App {
    const { apps } = this.#options;
    return apps.get(plan.name) ?? apps.add(newApp(plan, source, inheritedEnv(toolEnv), detached));
  }

  /** Says which services an app's dependencies will not get on with. */
  #warn(app: App, plan: AppPlan): void {
    const dependsOn = dependenciesOf(openAppSource(plan.root), plan.manifest);
    for (const text of this.#options.services.warnings(plan, dependsOn)) say(app, 'ERR', `warning: ${text}`);
  }
}

function say(app: App, stream: 'OUT' | 'ERR', text: string): void {
  app.log.append({ source: 'API', instance: 0, stream, text });
}

function newApp(
  plan: AppPlan,
  source: ManifestSource,
  shellEnv: Readonly<Record<string, string>>,
  detached: boolean,
): AppRecord {
  return {
    id: randomUUID(),
    version: randomUUID(),
    plan,
    desired: 'stopped',
    byHand: NOTHING_BY_HAND,
    source,
    shellEnv,
    detached,
  };
}
