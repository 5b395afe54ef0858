/** Starts a service of ours, on the port its apps were told of where that is still to be had. */
import type { ServiceContext, ServiceInstance, ServiceType } from '../../services/kit/contract.ts';
import { ServiceError } from '../../services/kit/service-error.ts';
import { PaasError } from '../kernel/errors.ts';
import { allocatePort } from '../ports/allocate.ts';
import { describeHolder } from '../ports/holder.ts';
import { behindRelay } from './relayed-service.ts';
import type { ServiceRecord } from '../state/record.ts';

/** Services listen here, and apps are told so. */
export const HOST = '127.0.0.1';

/** Where a service lives: its folders, its log, what ends it. */
export type Surroundings = Pick<
  ServiceContext,
  | 'dataDir'
  | 'cacheDir'
  | 'packageFolders'
  | 'guardian'
  | 'searchPath'
  | 'node'
  | 'sameThread'
  | 'signal'
  | 'log'
  | 'onEngine'
>;

export interface OwnService {
  /** Fails where the port cannot be had, because apps know it that run. */
  readonly keep?: 'keep the port' | undefined;
  /** Put a relay in front of a server that is not ours. */
  readonly relay?: boolean;
}

/**
 * @throws PaasError `SERVICE_*`
 */
export async function startOurs(
  name: string,
  record: ServiceRecord,
  type: ServiceType,
  surroundings: Surroundings,
  { keep, relay }: OwnService = {},
): Promise<ServiceInstance> {
  const { plan, identity, details, port } = record;
  const startOn = (wanted: number) =>
    type.start(plan.options, {
      ...identity,
      ...surroundings,
      serviceName: name,
      host: HOST,
      port: wanted,
      ...(plan.version === undefined ? {} : { version: plan.version }),
      ...(details === undefined ? {} : { details }),
    });
  const start = async (wanted: number) =>
    relay && !type.hasFaults && !type.portless && !type.noRelay
      ? behindRelay(await startOn(await newPort(surroundings)), type, wanted)
      : startOn(wanted);
  try {
    return await start(port === 0 ? await newPort(surroundings) : port);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'SERVICE_PORT_TAKEN' || keep) {
      throw serviceFailure(error, name);
    }
  }
  // Its port was lost to somebody else while it was stopped. No running app was told of it, so another does.
  const holder = (await describeHolder(port)) ?? 'another process';
  if (port !== 0) surroundings.log(`port ${port} is held by ${holder} now, taking another`);
  try {
    return await start(await newPort(surroundings));
  } catch (error) {
    throw serviceFailure(error, name);
  }
}

/** Not one of those the system gives to outgoing connections: it is to be free again after a stop. */
function newPort({ signal }: Surroundings): Promise<number> {
  return allocatePort({ host: HOST, ...(signal ? { signal } : {}) });
}

/** A failure of a service, as the platform tells it; anything else stays what it is. */
export function serviceFailure(error: unknown, service: string): unknown {
  if (isSystemError(error)) {
    // No room on the disk, a folder that may not be written to: nothing of ours is broken.
    return new PaasError('SERVICE_START_FAILED', { service, message: error.message }, { cause: error });
  }
  if (!(error instanceof ServiceError)) return error;
  const { logLines, ...facts } = error.facts;
  return new PaasError(
    error.code,
    { ...facts, service, message: error.message },
    { cause: error, ...(Array.isArray(logLines) ? { logLines: logLines.map(String) } : {}) },
  );
}

/** As Node throws what the system said. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}
