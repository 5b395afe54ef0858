/** Which package manager made the lock file, and how it installs exactly what that says. Pure. */
import type { AppSource } from '../types.ts';
import type { PackageJson } from './package-json.ts';

export interface PackageManager {
  readonly name: 'npm' | 'yarn' | 'pnpm' | 'bun';
  readonly lock: string | undefined;
  /** Arguments that install without changing any file but node_modules. */
  readonly install: readonly string[];
}

/** By which a package manager is known, the most telling first. */
const LOCKS = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
] as const;

export const LOCK_FILES: readonly string[] = LOCKS.map(([file]) => file);

export function choosePackageManager(source: AppSource, pkg: PackageJson): PackageManager {
  const named = LOCKS.find(([, name]) => pkg.packageManager?.startsWith(`${name}@`))?.[1];
  const [lock, byLock] =
    LOCKS.find(([file, name]) => source.hasFile(file) && (!named || named === name)) ?? [];
  const name = named ?? byLock ?? 'npm';
  return { name, lock, install: installArguments(name, lock, source, pkg) };
}

function installArguments(
  name: PackageManager['name'],
  lock: string | undefined,
  source: AppSource,
  pkg: PackageJson,
): readonly string[] {
  switch (name) {
    case 'npm':
      // Without a lock file none is written: the user's folder is not ours to add to.
      return [
        ...(lock ? ['ci'] : ['install', '--no-package-lock']),
        '--no-audit',
        '--no-fund',
        '--no-progress',
        '--prefer-offline',
      ];
    case 'yarn':
      return isModernYarn(source, pkg)
        ? ['install', ...(lock ? ['--immutable'] : [])]
        : [
            'install',
            '--non-interactive',
            '--no-progress',
            ...(lock ? ['--frozen-lockfile'] : ['--pure-lockfile']),
          ];
    case 'pnpm':
      return ['install', '--reporter=append-only', ...(lock ? ['--frozen-lockfile'] : ['--no-lockfile'])];
    case 'bun':
      return ['install', ...(lock ? ['--frozen-lockfile'] : ['--no-save'])];
  }
}

/** Yarn 2 and later took other flags; they are known by their own file, their lock's head, or by name. */
function isModernYarn(source: AppSource, pkg: PackageJson): boolean {
  const [, major] = /^yarn@(\d+)/.exec(pkg.packageManager ?? '') ?? [];
  if (major !== undefined) return Number(major) >= 2;
  return source.hasFile('.yarnrc.yml') || /^__metadata:/m.test(source.readText('yarn.lock') ?? '');
}
