/** Options of types that have none, or few: what is not known is refused with its place. */
import { ServiceError } from './service-error.ts';

/** @throws ServiceError `SERVICE_OPTIONS_INVALID` for anything that is not a mapping, or has an unknown key */
export function readMapping(raw: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (raw === undefined || raw === null) return {};
  if (typeof raw !== 'object' || Array.isArray(raw)) throw invalidOption('', 'expected a mapping of options');
  for (const key of Object.keys(raw)) {
    if (known.includes(key)) continue;
    const there = known.length > 0 ? `known: ${known.join(', ')}` : 'this type has none';
    throw invalidOption(key, `unknown option "${key}"; ${there}`);
  }
  return raw as Record<string, unknown>;
}

/** For a type that has none. @throws ServiceError `SERVICE_OPTIONS_INVALID` for any */
export function noOptions(raw: unknown): undefined {
  readMapping(raw, []);
  return undefined;
}

export function invalidOption(path: string, message: string): ServiceError {
  return new ServiceError('SERVICE_OPTIONS_INVALID', message, { path });
}
