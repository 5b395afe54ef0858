/** Names and layout of the `VCAP_*` and `STACKATO_SERVICES` variables, per dialect. Pure. */
import type { Json } from '../../services/kit/json.ts';
import type { BoundService, InstanceFacts } from './types.ts';

const MIB = 1024 * 1024;

/** What of an instance decides how its services are told. */
export type EnvPlace = Pick<InstanceFacts, 'dialect' | 'appName' | 'folders'>;

/** `VCAP_APPLICATION`: Stackato 3.x layout (spec stackato 3), Cloud Foundry's (spec cloudfoundry 2.2). */
export function vcapApplication(facts: InstanceFacts): Json {
  const limits = {
    mem: Math.floor(facts.memoryBytes / MIB),
    disk: Math.floor(facts.diskBytes / MIB),
    fds: facts.fileDescriptors,
  };
  return facts.dialect === 'stackato'
    ? stackatoApplication(facts, limits)
    : cloudFoundryApplication(facts, limits);
}

type Limits = { readonly mem: number; readonly disk: number; readonly fds: number };

function stackatoApplication(facts: InstanceFacts, limits: Limits): Json {
  const seconds = Math.floor(facts.startedAt / 1000);
  const start = startTime(facts.startedAt);
  return {
    limits,
    application_version: facts.version,
    application_name: facts.appName,
    application_uris: facts.uris,
    version: facts.version,
    name: facts.appName,
    space_name: facts.space.name,
    space_id: facts.space.id,
    uris: facts.uris,
    users: null,
    application_id: facts.appId,
    instance_id: facts.instanceId,
    instance_index: facts.index,
    host: facts.host,
    port: facts.port,
    started_at: start,
    started_at_timestamp: seconds,
    start,
    state_timestamp: seconds,
  };
}

function cloudFoundryApplication(facts: InstanceFacts, { mem, disk, fds }: Limits): Json {
  return {
    cf_api: 'http://api.localhost',
    limits: { fds, mem, disk },
    application_name: facts.appName,
    application_uris: facts.uris,
    name: facts.appName,
    space_name: facts.space.name,
    space_id: facts.space.id,
    organization_id: facts.organization.id,
    organization_name: facts.organization.name,
    uris: facts.uris,
    process_id: facts.processType === 'web' ? facts.appId : `${facts.appId}-${facts.processType}`,
    process_type: facts.processType,
    application_id: facts.appId,
    version: facts.version,
    application_version: facts.version,
    host: facts.host,
    instance_id: facts.instanceId,
    port: facts.port,
    instance_index: facts.index,
  };
}

/** `2013-05-15 23:44:06 +0000`, the form of the captured environment. */
function startTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} +0000`;
}

/** `VCAP_SERVICES`: type (Stackato) or label (Cloud Foundry) → bindings, in binding order. `{}` when there are none. */
export function vcapServices(facts: EnvPlace, services: readonly BoundService[]): Json {
  const { dialect } = facts;
  const { root } = facts.folders;
  // Names are the user's: one may be called `__proto__`.
  const byLabel = Object.create(null) as Record<string, Json[]>;
  for (const service of visible(facts, services)) {
    const label = dialect === 'stackato' ? service.type : service.binding.label;
    (byLabel[label] ??= []).push(
      dialect === 'stackato' ? stackatoEntry(service, root) : cloudFoundryEntry(service, root),
    );
  }
  return byLabel;
}

/** Spec stackato 2.2: exactly these fields, in this order. */
function stackatoEntry({ name, binding }: BoundService, root: string): Json {
  const { label, plan, tags, credentials, volume } = binding;
  return {
    name,
    label,
    ...(plan === undefined ? {} : { plan }),
    tags,
    ...(volume ? { dir: mountFolder(root, name) } : { credentials }),
  };
}

/** Where a filesystem service is found by its app (spec stackato 3). */
export function mountFolder(root: string, service: string): string {
  // Names are the manifest's, so hostile: none may lead out of the folder.
  return `${root}/fs/${service.replaceAll(/[^A-Za-z0-9_-]+/g, '-')}`;
}

/** Spec cloudfoundry 2.3: the key order of the controller's code. */
function cloudFoundryEntry(service: BoundService, root: string): Json {
  const { binding } = service;
  const managed = binding.plan === undefined ? {} : { provider: null, plan: binding.plan };
  return {
    label: binding.label,
    ...managed,
    name: service.bindingName ?? service.name,
    tags: binding.tags,
    instance_guid: service.instanceId,
    instance_name: service.name,
    binding_guid: service.bindingId,
    binding_name: service.bindingName ?? null,
    credentials: binding.credentials,
    syslog_drain_url: binding.syslogDrainUrl ?? null,
    volume_mounts: binding.volume
      ? [{ container_dir: mountFolder(root, service.name), mode: 'rw', device_type: 'shared' }]
      : [],
  };
}

/** `STACKATO_SERVICES`: service name → credentials. */
export function stackatoServices(facts: EnvPlace, services: readonly BoundService[]): Json {
  return Object.fromEntries(
    visible(facts, services).map(({ name, binding }) => [
      name,
      binding.volume ? { dir: mountFolder(facts.folders.root, name) } : binding.credentials,
    ]),
  );
}

/** A filesystem called `<app>-cache` is the platform's own, for staging: apps are not told of it. */
function visible({ dialect, appName }: EnvPlace, services: readonly BoundService[]): readonly BoundService[] {
  if (dialect !== 'stackato') return services;
  return services.filter(({ name, binding }) => !(binding.volume && name === `${appName}-cache`));
}
