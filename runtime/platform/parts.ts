/** The parts of a platform, made and joined; what each needs of the others is written down here and nowhere else. */
import { Scope } from '../../services/kit/scope.ts';
import type { PlatformEvent } from '../events.ts';
import { makePrivateFolder, makeSpace } from '../state/home.ts';
import { CLOUD_FOUNDRY_POLICY } from '../supervisor/backoff.ts';
import { takenOver } from './after-host.ts';
import { AppCommands } from './app-commands.ts';
import { AppDrains } from './app-drains.ts';
import { App } from './app.ts';
import { Apps } from './apps.ts';
import { ByHandChanges } from './by-hand-changes.ts';
import { Changes } from './changes.ts';
import { Crons } from './crons.ts';
import { EventHistory } from './event-history.ts';
import { Nodes } from './nodes.ts';
import type { PlatformOptions } from './options.ts';
import { Outages } from './outages.ts';
import { Pushes } from './pushes.ts';
import { Reports } from './reports.ts';
import { RouterDoor } from './router-door.ts';
import { ServiceChanges } from './service-changes.ts';
import { ServiceNeeds } from './service-needs.ts';
import { Services } from './services.ts';
import { findShell } from './shell.ts';
import { SpaceLogs } from './space-logs.ts';
import { SpaceState } from './space-state.ts';
import { Tasks } from './tasks.ts';
import { Watches } from './watches.ts';

const GRACE_MS = 10_000;

export type Parts = ReturnType<typeof makeParts>;

/**
 * Nothing runs yet; `scope` ends what will, in reverse.
 * @throws PaasError `STATE_NOT_WRITABLE`, `STATE_UNREADABLE`
 */
export function makeParts(options: PlatformOptions) {
  const { paths, guardian, serviceTypes: types, graceMs = GRACE_MS, temporary = false } = options;
  if (temporary) makePrivateFolder(paths.root);
  else makeSpace(paths);
  const shell = findShell();
  const scope = new Scope();
  let closing = false;
  const state = new SpaceState(temporary ? undefined : paths.record);

  const history = new EventHistory(paths, temporary);
  const drains = new AppDrains({ spaceName: paths.name, space: () => state.record });
  const reports = new Reports({ history, drains, appNamed: (name) => apps.get(name) });
  const report = (event: PlatformEvent) => reports.report(event);
  const logs = new SpaceLogs(paths, temporary, (line) => report({ kind: 'log', line }));
  scope.defer(() => Promise.all([logs.flush(), history.flush()]));
  scope.use(drains);

  const door: RouterDoor = scope.use(
    new RouterDoor({
      paths,
      port: options.port,
      tlsPort: options.tlsPort,
      strictPorts: options.strictPorts,
      asked: () => state.record.router ?? {},
      keep: (asked) => state.saveRouter(asked),
      apps: () => apps,
      appNamed: (name) => apps.get(name),
      report,
      onRequest: options.onRequest,
      disturbance: () => outages.disturbance(),
    }),
  );
  const routesChanged = () => door.update();

  const nodes = new Nodes({
    types,
    stored: () => state.record.nodes ?? {},
    save: (component, config) => state.saveNode(component, config),
  });
  const services = new Services({
    nodes,
    types,
    paths,
    guardian,
    searchPath: options.searchPath,
    prepared: options.prepared,
    sameThread: options.sameThread === true,
    relays: options.relays === true,
    records: () => state.record.services,
    apps: () => state.record.apps,
    save: (name, service) => state.saveService(name, service),
    logFor: (name) => logs.of('service', name),
    report,
    appsOf: (name) => apps.boundTo(name).map((app) => app.plan.name),
  });
  scope.defer(() => services.stopAll());

  const apps: Apps = new Apps(
    (record) =>
      new App(
        record,
        logs.of('app', record.plan.name),
        { ...record.shellEnv },
        {
          paths,
          shell,
          guardian,
          policy: options.policy ?? CLOUD_FOUNDRY_POLICY,
          graceMs,
          report,
          space: () => state.record,
          services: (plan, id) => services.boundTo(plan, id),
          startServices: (plan, signal) => services.start(plan.bindings, signal),
          routesChanged,
          drained: (instanceId, boundMs) => door.drained(instanceId, boundMs),
          urls: (plan, tls) => door.urls(plan.routes, tls),
          foldersGoTogether: () => temporary && closing,
        },
      ),
  );
  const watches = new Watches({
    record: () => state.record,
    serviceTypes: types,
    mayBeReplaced: (name, pushed) => services.mayBeReplaced(name, pushed),
    provision: (plan, pushed) => services.provision(plan, { apps: pushed }),
    report,
  });
  const changes = new Changes({ state, watches, routesChanged, report });
  const needs = new ServiceNeeds({ apps, services, state, logs, keep: options.keepServices === true });
  const pushes = new Pushes({ serviceTypes: types, state, apps, services, needs, door, changes });
  const byHand = new ByHandChanges(changes);
  const serviceChanges = new ServiceChanges({ types, paths, state, logs, services, apps });

  const tasks = new Tasks({
    shell,
    guardian,
    graceMs,
    save: (app, of) => changes.remember(app, { tasks: of }),
    report,
    ended: () => void needs.stopUnused(),
  });
  const crons = new Crons({ apps: () => apps, shell, guardian });
  const { runId } = guardian;
  const commands = new AppCommands({
    paths,
    runId,
    shell,
    state,
    apps,
    changes,
    needs,
    door,
    tasks,
    crons,
    logs,
    history,
    drains,
    report,
  });
  const outages: Outages = new Outages({
    services,
    apps,
    serviceNames: () => Object.keys(state.record.services),
    report,
  });
  scope.defer(() => commands.closeAll());
  scope.use(outages);
  scope.defer(() => tasks.endAll());
  scope.use(crons);
  scope.defer(() => (closing = true));

  for (const app of Object.values(state.record.apps)) apps.add(takenOver(app));
  return {
    scope,
    state,
    apps,
    reports,
    history,
    logs,
    nodes,
    services,
    needs,
    door,
    watches,
    changes,
    pushes,
    commands,
    byHand,
    serviceChanges,
    tasks,
    crons,
    drains,
    outages,
  };
}
