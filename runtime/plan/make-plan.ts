/** Manifest + what was found in the folders + service types → Plan. Pure: the same input gives the same plan. */
import type { ServiceType } from '../../services/kit/contract.ts';
import type { Json } from '../../services/kit/json.ts';
import { ServiceError } from '../../services/kit/service-error.ts';
import { pointer } from '../kernel/diagnostics.ts';
import { PaasError } from '../kernel/errors.ts';
import type { ServiceName } from '../kernel/names.ts';
import { suggest } from '../kernel/suggest.ts';
import type { AppManifest, Manifest, ServiceRequest } from '../manifest/types.ts';
import type { AppFacts } from '../staging/types.ts';
import { planProcesses } from './processes.ts';
import { planRoutes } from './routes.ts';
import type { AppPlan, Plan, ServicePlan } from './types.ts';

export interface PlanInput {
  readonly manifest: Manifest;
  /** By app name, in the order of `manifest.apps`. */
  readonly facts: ReadonlyMap<string, AppFacts>;
  /** What each app's folder holds at its top, for the message when no start command is found. */
  readonly listings: ReadonlyMap<string, readonly string[]>;
  readonly serviceTypes: readonly ServiceType[];
  /** Services that exist in the space already. */
  readonly existing: ReadonlyMap<string, ServicePlan>;
  /** One that is of another type than is asked for now may give way: it never served. */
  readonly mayBeReplaced?: (service: ServiceName) => boolean;
  readonly noWatch: boolean;
  /** Plan no process: whether apps could be started does not matter. */
  readonly servicesOnly?: boolean;
  /** `--command`, over the manifest's. */
  readonly command?: string;
}

/** @throws PaasError `SERVICE_TYPE_UNKNOWN`, `SERVICE_CONFLICT`, `SERVICE_NOT_FOUND`, `SERVICE_OPTIONS_INVALID`, `NO_START_COMMAND` */
export function makePlan(input: PlanInput): Plan {
  const services = new Map<string, ServicePlan>();
  for (const app of input.manifest.apps) {
    for (const request of app.services) {
      const plan = () => planService(request, app, services.get(request.name), input);
      services.set(request.name, placed(request, plan));
    }
  }
  return { services: [...services.values()], apps: input.manifest.apps.map((app) => planApp(app, input)) };
}

/** What is wrong with a request is shown where it is written. */
function placed<Result>({ span, typeSpan }: ServiceRequest, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof PaasError)) throw error;
    const place = error.code === 'SERVICE_TYPE_UNKNOWN' ? (typeSpan ?? span) : span;
    const diagnostics = [pointer(error.code, 'The service is asked for here', place)];
    throw new PaasError(error.code, error.facts, { diagnostics, cause: error });
  }
}

function planService(
  request: ServiceRequest,
  app: AppManifest,
  sameManifest: ServicePlan | undefined,
  { existing, serviceTypes, mayBeReplaced = () => false }: PlanInput,
): ServicePlan {
  const present = sameManifest ?? existing.get(request.name);
  if (request.type === undefined) {
    if (present) return present;
    throw new PaasError('SERVICE_NOT_FOUND', {
      service: request.name,
      app: app.name,
      hint: `A list entry names a service that exists already. Create it first: paas-local create-service TYPE PLAN ${request.name}`,
    });
  }
  const type = findType(request.name, request.type, serviceTypes);
  const planned: ServicePlan = {
    name: request.name,
    type: type.type,
    plan: request.plan ?? 'free',
    tags: request.tags,
    ...(request.version === undefined ? {} : { version: request.version }),
    options: readOptions(type, request),
  };
  if (present && present.type !== planned.type && (sameManifest || !mayBeReplaced(request.name))) {
    throw new PaasError('SERVICE_CONFLICT', {
      service: request.name,
      type: planned.type,
      existing: present.type,
    });
  }
  return planned;
}

/** @throws PaasError `SERVICE_TYPE_UNKNOWN` with the nearest known name */
export function findType(service: ServiceName, wanted: string, types: readonly ServiceType[]): ServiceType {
  const found = types.find(({ type }) => type === wanted);
  if (found) return found;
  const known = types.map(({ type }) => type);
  throw new PaasError('SERVICE_TYPE_UNKNOWN', {
    service,
    type: wanted,
    known,
    suggestion: suggest(wanted, known) ?? null,
  });
}

const asMapping = (value: Json | undefined): object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

function readOptions(type: ServiceType, request: ServiceRequest): unknown {
  const { parameters, credentials } = request;
  return readServiceOptions(
    type,
    request.name,
    credentials ? { ...asMapping(parameters), credentials } : (parameters ?? {}),
  );
}

/** @throws PaasError `SERVICE_OPTIONS_INVALID` */
export function readServiceOptions(type: ServiceType, service: ServiceName, parameters: Json): unknown {
  try {
    return type.readOptions(parameters);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new PaasError(error.code, { ...error.facts, service, message: error.message });
  }
}

function planApp(app: AppManifest, input: PlanInput): AppPlan {
  const facts = input.facts.get(app.name)!;
  const processes = input.servicesOnly
    ? []
    : planProcesses({
        app,
        dialect: input.manifest.dialect,
        facts,
        command: input.command,
        listing: input.listings.get(app.name) ?? [],
      });
  const reloading = processes.find(({ command }) => reloadsItself(command));
  const watched = !input.noWatch && !reloading;
  return {
    name: app.name,
    dialect: input.manifest.dialect,
    root: app.root,
    manifestFile: input.manifest.file,
    manifestFiles: input.manifest.files,
    manifest: app,
    facts,
    processes,
    bindings: app.services.map(({ name }) => name),
    routes: planRoutes(app, app.root),
    watch: {
      enabled: watched,
      ...(watched
        ? {}
        : { because: reloading ? `the command reloads by itself: ${reloading.command}` : 'switched off' }),
      ignores: app.ignores ?? [],
      requirementFiles: facts.requirementFiles,
    },
  };
}

/** Commands that watch their files themselves; restarting them as well would do everything twice. */
export function reloadsItself(command: string): boolean {
  if (/\bmanage\.py\s+runserver\b/.test(command)) return !/--noreload\b/.test(command);
  return (
    /(^|[\s/;&|])(nodemon|ts-node-dev|air|watchexec|watchmedo|entr|reflex)(\s|$)/.test(command) ||
    /(^|\s)--(watch|reload|hot)(=|\s|$)/.test(command)
  );
}
