/** Which services are at a URL instead of on this machine: flags of a push, and the user's own `paas-local.yml`. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import { suggest } from '../kernel/suggest.ts';
import type { Manifest } from '../manifest/types.ts';

/** Beside the manifest; the user's own, not to be committed: it may hold passwords. */
const SETTINGS_FILE = 'paas-local.yml';

/**
 * `NAME=URL` flags over the lines under `bind:` in `paas-local.yml`, for the services of a manifest. A flag for a
 * service that no app asks for is a mistake, which would leave an app on another database than meant; the file may
 * name services of apps that are not pushed now.
 * @returns service name → URL
 * @throws PaasError `USAGE`
 */
export async function readBinds(
  manifest: Manifest,
  flags: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const known = manifest.apps.flatMap((app) => app.services.map(({ name }) => name as string));
  const lines = await readSettings(join(dirname(manifest.file), SETTINGS_FILE));
  const binds = new Map<string, string>(lines.filter(([name]) => known.includes(name)));
  for (const flag of flags) {
    const equals = flag.indexOf('=');
    if (equals < 1) {
      throw usage(
        'Cannot read a --bind: it is not NAME=URL',
        'For example: --bind db=postgres://me:pw@host/shop',
      );
    }
    const name = flag.slice(0, equals);
    if (!known.includes(name)) {
      const meant = suggest(name, known);
      throw usage(
        `Cannot bind "${name}": no app of the manifest has a service of that name`,
        meant ? `Did you mean "${meant}"?` : `There is: ${known.join(', ') || 'none'}`,
      );
    }
    binds.set(name, flag.slice(equals + 1));
  }
  return Object.fromEntries(binds);
}

/** Which services of a manifest have a line there, for those who do not heed it: a file that cannot be read has none. */
export async function boundInSettings(
  manifest: Manifest,
): Promise<{ readonly file: string; readonly services: readonly string[] }> {
  const file = join(dirname(manifest.file), SETTINGS_FILE);
  const known = new Set(manifest.apps.flatMap((app) => app.services.map(({ name }) => name as string)));
  const lines = await readSettings(file).catch(() => []);
  return { file, services: lines.map(([name]) => name).filter((name) => known.has(name)) };
}

async function readSettings(file: string): Promise<readonly [string, string][]> {
  if (!existsSync(file)) return [];
  const { parse } = await import('yaml');
  const fail = (problem: string): PaasError =>
    usage(`Cannot read "${file}": ${problem}`, 'Its form is "bind:", and below it NAME: URL');
  let settings: unknown;
  try {
    settings = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw fail((error as Error).message.split('\n')[0] ?? 'it is no YAML');
  }
  if (settings === null || settings === undefined) return [];
  if (!isMapping(settings)) throw fail('it is not a mapping');
  const unknown = Object.keys(settings).find((key) => key !== 'bind');
  if (unknown !== undefined) throw fail(`unknown key "${unknown}"`);
  const { bind } = settings;
  if (bind === null || bind === undefined) return [];
  if (!isMapping(bind)) throw fail('"bind" is not a mapping');
  return Object.entries(bind).map(([name, url]) => {
    if (typeof url !== 'string') throw fail(`the URL of "${name}" is not text`);
    return [name, url];
  });
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function usage(message: string, hint: string): PaasError {
  return new PaasError('USAGE', { message, hint });
}
