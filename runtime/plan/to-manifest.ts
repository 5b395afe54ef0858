/** An app as it is run, as the manifest that makes it so on Cloud Foundry: what `cf create-app-manifest` writes. */
import { formatSize } from '../kernel/bytes.ts';
import { printManifest } from '../manifest/print.ts';
import { SourceText } from '../manifest/source.ts';
import { list, map, scalar, type Entry, type Node } from '../manifest/tree.ts';
import { localNames, routeSpec } from './routes.ts';
import type { AppPlan, HealthPlan, ProcessPlan } from './types.ts';

/**
 * @param plan with what was changed by hand
 * @param setEnv variables that were set by hand
 */
export function manifestOf(plan: AppPlan, setEnv: Readonly<Record<string, string>>): Promise<string> {
  const { manifest, processes, bindings } = plan;
  const env = {
    ...Object.fromEntries(Object.entries(manifest.env).map(([name, { value }]) => [name, value])),
    ...setEnv,
  };
  const app = mapping({
    name: text(plan.name),
    ...(manifest.buildpacks.length > 0 ? { buildpacks: sequence(manifest.buildpacks.map(text)) } : {}),
    ...(manifest.stack === undefined ? {} : { stack: text(manifest.stack) }),
    ...(Object.keys(env).length > 0 ? { env: texts(env) } : {}),
    ...(bindings.length > 0 ? { services: sequence(bindings.map((name) => service(plan, name))) } : {}),
    ...(plan.routes.length > 0 ? { routes: routesOf(plan) } : { 'no-route': typed('true') }),
    ...(Object.keys(manifest.labels).length + Object.keys(manifest.annotations).length > 0
      ? { metadata: mapping({ labels: texts(manifest.labels), annotations: texts(manifest.annotations) }) }
      : {}),
    processes: sequence(processes.map(processOf)),
    ...(manifest.sidecars.length > 0
      ? {
          sidecars: sequence(
            manifest.sidecars.map(({ name, command, processTypes, memoryBytes }) =>
              mapping({
                name: text(name),
                command: text(command),
                process_types: sequence(processTypes.map(text)),
                ...(memoryBytes === undefined ? {} : { memory: text(formatSize(memoryBytes)) }),
              }),
            ),
          ),
        }
      : {}),
  });
  return printManifest(mapping({ version: typed('1'), applications: sequence([app]) }), 'cloud-foundry');
}

function service({ manifest }: AppPlan, name: string): Node {
  const request = manifest.services.find((one) => one.name === name);
  return request?.bindingName === undefined
    ? text(name)
    : mapping({ name: text(name), binding_name: text(request.bindingName) });
}

/** A route of the manifest answers under two names here, and was written as one. */
function routesOf({ routes, manifest }: AppPlan): Node {
  const asked = manifest.routes;
  const written = new Set<string>();
  for (const route of routes) written.add(routeSpec(asked, route)?.url ?? route);
  return sequence(
    [...written].map((url) => {
      const spec = routeSpec(asked, localNames(url)[0]!);
      return mapping({
        route: text(url),
        ...(spec?.protocol === undefined ? {} : { protocol: text(spec.protocol) }),
        ...(spec?.loadBalancing === undefined
          ? {}
          : { options: mapping({ loadbalancing: text(spec.loadBalancing) }) }),
      });
    }),
  );
}

function processOf(process: ProcessPlan): Node {
  const { type, command, commandFrom, instances, memoryBytes, diskBytes, logRateBytesPerSecond } = process;
  const asked = commandFrom === 'manifest' || commandFrom === '--command';
  return mapping({
    type: text(type),
    ...(asked ? { command: text(command) } : {}),
    instances: typed(String(instances)),
    memory: text(formatSize(memoryBytes)),
    disk_quota: text(formatSize(diskBytes)),
    ...(logRateBytesPerSecond === undefined
      ? {}
      : { 'log-rate-limit-per-second': text(formatSize(logRateBytesPerSecond)) }),
    timeout: seconds(process.health.startTimeoutMs),
    ...check('health-check', process.health),
    ...check('readiness-health-check', process.readiness),
  });
}

function check(name: string, health: HealthPlan): Readonly<Record<string, Node>> {
  if (health.type === 'process') return { [`${name}-type`]: text(health.type) };
  return {
    [`${name}-type`]: text(health.type),
    ...(health.type === 'http' ? { [`${name}-http-endpoint`]: text(health.endpoint) } : {}),
    [`${name}-invocation-timeout`]: seconds(health.invocationTimeoutMs),
    [`${name}-interval`]: seconds(health.intervalMs),
  };
}

const NOWHERE = { source: new SourceText('an app', ''), start: 0, end: 0 };
const text = (value: string): Node => scalar(value, NOWHERE, false);
const typed = (value: string): Node => scalar(value, NOWHERE);
const seconds = (ms: number): Node => typed(String(Math.round(ms / 1000)));
const sequence = (items: readonly Node[]): Node => list(items, NOWHERE);
const texts = (values: Readonly<Record<string, string>>): Node =>
  mapping(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)])));
const mapping = (values: Readonly<Record<string, Node>>) =>
  map(
    Object.entries(values).map(([key, value]): Entry => ({ key: scalar(key, NOWHERE), value })),
    NOWHERE,
  );
