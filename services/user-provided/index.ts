/** What a user tells of a service that runs elsewhere: handed to apps as it was given. */
import type {
  Binding,
  Dialect,
  Endpoint,
  ServiceContext,
  ServiceInstance,
  ServiceType,
} from '../kit/contract.ts';
import { uuidIdentity } from '../kit/identity.ts';
import { neverFails } from '../kit/instance.ts';
import type { Json } from '../kit/json.ts';
import { invalidOption, readMapping } from '../kit/options.ts';

export interface UserProvidedOptions {
  readonly credentials: Readonly<Record<string, Json>>;
  readonly syslogDrainUrl?: string;
}

const DRAIN_SCHEMES = ['syslog:', 'syslog-tls:', 'https:'];

export const userProvided: ServiceType<UserProvidedOptions> = {
  type: 'user-provided',
  portless: true,
  versions: [],
  summary: 'Credentials of a service that runs elsewhere, and a syslog drain',
  readOptions,
  mint: uuidIdentity,
  start,
  bind,
};

/** `credentials`: a mapping; `syslog_drain_url`: `syslog://`, `syslog-tls://` or `https://`. */
function readOptions(raw: unknown): UserProvidedOptions {
  const { credentials = {}, syslog_drain_url: drain } = readMapping(raw, ['credentials', 'syslog_drain_url']);
  if (typeof credentials !== 'object' || credentials === null || Array.isArray(credentials)) {
    throw invalidOption('credentials', '"credentials" is a mapping');
  }
  const given = credentials as Readonly<Record<string, Json>>;
  if (drain === undefined || drain === null || drain === '') return { credentials: given };
  if (typeof drain !== 'string' || !DRAIN_SCHEMES.some((scheme) => drain.startsWith(`${scheme}//`))) {
    throw invalidOption(
      'syslog_drain_url',
      '"syslog_drain_url" begins with syslog://, syslog-tls:// or https://',
    );
  }
  return { credentials: given, syslogDrainUrl: drain };
}

function bind(_: Endpoint, dialect: Dialect, options: UserProvidedOptions): Binding {
  const { credentials, syslogDrainUrl } = options;
  const texts = Object.entries(credentials).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return {
    label: 'user-provided',
    tags: [],
    // The old platform kept them as text, all of them.
    credentials: dialect === 'stackato' ? (Object.fromEntries(texts) as Record<string, string>) : credentials,
    ...(syslogDrainUrl === undefined ? {} : { syslogDrainUrl }),
  };
}

async function start(
  { syslogDrainUrl }: UserProvidedOptions,
  { host, user, password, name, signal }: ServiceContext,
): Promise<ServiceInstance> {
  signal?.throwIfAborted();
  return {
    endpoint: { host, port: 0, user, password, name },
    engine: syslogDrainUrl === undefined ? 'as given' : `as given, log lines go to ${syslogDrainUrl}`,
    failed: neverFails(),
    stats: async () => ({}),
    reset: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
