import { CodedError } from './coded-error.ts';

/** What can go wrong with a service, told apart so that the caller can choose words and exit code. */
export type ServiceErrorCode =
  | 'SERVICE_PORT_TAKEN'
  | 'SERVICE_OPTIONS_INVALID'
  | 'SERVICE_ENGINE_MISSING'
  | 'SERVICE_DATA_VERSION'
  | 'SERVICE_START_FAILED';

/**
 * An expected failure of a service. `facts` carries what a message needs (port, path, program …);
 * the service's own name is added by whoever started it.
 */
export class ServiceError extends CodedError<ServiceErrorCode> {
  override readonly name = 'ServiceError';
}
