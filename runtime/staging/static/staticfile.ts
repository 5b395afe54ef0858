/** Reads Cloud Foundry's Staticfile: how a folder of files is to be served. */
import { parse } from 'yaml';

export const STATICFILE = 'Staticfile';

export interface StaticOptions {
  /** The folder served, relative to the app's. Undefined: where index.html is. */
  readonly root?: string;
  /** Folders without an index page are listed. */
  readonly listing: boolean;
  /** Addresses that name nothing get the index page: an app in the browser reads the address itself. */
  readonly pushState: boolean;
  /** Files whose name begins with a dot are served too. */
  readonly dotFiles: boolean;
  /** Pages for statuses: `{ "404": "/404.html" }`. */
  readonly statusPages: Readonly<Record<string, string>>;
}

export interface Staticfile {
  readonly options: StaticOptions;
  /** What is asked for and not done here. */
  readonly notes: readonly string[];
}

const DEFAULTS: StaticOptions = { listing: false, pushState: false, dotFiles: false, statusPages: {} };

/** Said and left alone: they concern encryption, or are programs for a server that is not ours. */
const NOT_DONE: Readonly<Record<string, string>> = {
  ssi: 'server-side includes are not carried out',
  location_include: 'settings of nginx are not read',
  force_https: 'requests are plain http here and are answered',
  http_strict_transport_security: 'requests are plain http here, where browsers do not heed it',
  http_strict_transport_security_include_subdomains:
    'requests are plain http here, where browsers do not heed it',
  http_strict_transport_security_preload: 'requests are plain http here, where browsers do not heed it',
  enable_http2: 'HTTP/1.1 is spoken here',
};

export function readStaticfile(text: string): Staticfile {
  let raw: unknown;
  try {
    raw = parse(text, { schema: 'failsafe', logLevel: 'silent' }) ?? {};
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    return { options: DEFAULTS, notes: [`${STATICFILE} cannot be read and was left aside: ${reason}`] };
  }
  if (raw === '') raw = {};
  if (!isRecord(raw))
    return { options: DEFAULTS, notes: [`${STATICFILE} is no list of settings and was left aside`] };
  const entries = Object.entries(raw);
  const on = (name: string): boolean => {
    const value = raw[name];
    return typeof value === 'string' && /^(enabled|visible|true|yes|on)$/i.test(value);
  };
  return {
    options: {
      ...(typeof raw.root === 'string' && raw.root !== '' ? { root: raw.root } : {}),
      listing: on('directory'),
      pushState: on('pushstate'),
      dotFiles: on('host_dot_files'),
      statusPages: statusPages(raw.status_codes),
    },
    notes: entries.flatMap(([name]) =>
      KNOWN.has(name) ? [] : [`${STATICFILE}: ${name}: ${NOT_DONE[name] ?? 'not known and left aside'}`],
    ),
  };
}

const KNOWN = new Set(['root', 'directory', 'pushstate', 'host_dot_files', 'status_codes']);

function statusPages(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([status, page]) => [status, String(page)]));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
