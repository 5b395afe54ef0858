/** A service whose engine runs elsewhere: nothing is started, but a real login is tried before an app meets it. */
import type { Endpoint, ServiceInstance, ServiceType } from '../../services/kit/contract.ts';
import { readExternalUrl } from '../../services/kit/external.ts';
import { hidePassword } from '../../services/kit/hide-password.ts';
import { PaasError } from '../kernel/errors.ts';
import { serviceFailure } from './own-service.ts';

/**
 * Where the URL leads, as an endpoint of that type.
 * @throws PaasError `SERVICE_NOT_BINDABLE`, `SERVICE_OPTIONS_INVALID`
 */
export function externalEndpoint(service: string, type: ServiceType, url: string): Endpoint {
  if (!type.external) throw new PaasError('SERVICE_NOT_BINDABLE', { service, type: type.type });
  try {
    return readExternalUrl(url, type.external);
  } catch (error) {
    throw serviceFailure(error, service);
  }
}

/**
 * Logs in there, and tells what it found: `PostgreSQL 16.2`.
 * @throws PaasError `SERVICE_NOT_BINDABLE`, `SERVICE_OPTIONS_INVALID`, `SERVICE_BIND_REFUSED`
 */
export async function tryExternal(
  service: string,
  type: ServiceType,
  url: string,
  signal: AbortSignal,
): Promise<string> {
  const endpoint = externalEndpoint(service, type, url);
  return type.external!.check(endpoint, signal).catch((error: unknown) => {
    if (signal.aborted) throw signal.reason;
    const message = error instanceof Error ? error.message : String(error);
    throw new PaasError(
      'SERVICE_BIND_REFUSED',
      { service, url: hidePassword(url), message, refused: (error as Error).name === 'LoginRefused' },
      { cause: error },
    );
  });
}

/** @throws PaasError `SERVICE_BIND_REFUSED` */
export async function openExternal(
  service: string,
  type: ServiceType,
  url: string,
  signal: AbortSignal,
): Promise<ServiceInstance> {
  const found = await tryExternal(service, type, url, signal);
  return {
    endpoint: externalEndpoint(service, type, url),
    engine: `${found}, which runs elsewhere`,
    failed: new Promise<never>(() => {}),
    stats: async () => ({}),
    reset: async () => {
      throw new PaasError('SERVICE_NOT_OURS', { service, url: hidePassword(url) });
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
