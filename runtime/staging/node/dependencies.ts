/** Installs what package.json asks for, unless it is there already. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PaasError } from '../../kernel/errors.ts';
import { findTool } from '../../../services/kit/find-tool.ts';
import { inPlaceKey, installInPlace } from '../in-place.ts';
import { installLine } from '../tool-hints.ts';
import type { AppManifest } from '../../manifest/types.ts';
import type { AppSource, InstallContext, Installed } from '../types.ts';
import { nodeInstallError } from './install-error.ts';
import { readPackage, type PackageJson } from './package-json.ts';
import { choosePackageManager, LOCK_FILES, type PackageManager } from './package-manager.ts';

const INSTALL_TIMEOUT_MS = 900_000;

/** Files that decide what is installed. */
const INPUTS = ['package.json', ...LOCK_FILES, '.npmrc', '.yarnrc.yml', 'pnpm-workspace.yaml'];

export async function installDependencies(
  context: InstallContext,
): Promise<Pick<Installed, 'skipped' | 'fingerprint'>> {
  const { value: pkg } = readPackage(context.source);
  if (pkg && isForDevelopmentOnly(context, pkg))
    context.log('-----> devDependencies are not installed in a copy of the app, as on the platform');
  if (!pkg || !hasDependencies(pkg) || isForDevelopmentOnly(context, pkg))
    return { skipped: true, fingerprint: inPlaceKey(context, INPUTS) };
  return await installInPlace(context, {
    language: 'node',
    inputs: INPUTS,
    isThere: () => isInstalled(context.source, pkg),
    adopted: 'node_modules is there and has all dependencies: used as it is',
    install: () => run(context, choosePackageManager(context.source, pkg)),
  });
}

const hasDependencies = (pkg: PackageJson): boolean =>
  Object.keys(pkg.dependencies).length > 0 || pkg.hasDevDependencies || pkg.hasWorkspaces;

/** A throw-away copy that is run and not worked on needs no tools, unless a hook builds something with them. */
const isForDevelopmentOnly = ({ notesDir, manifest: { hooks } }: InstallContext, pkg: PackageJson): boolean =>
  notesDir !== undefined &&
  pkg.hasDevDependencies &&
  !pkg.hasWorkspaces &&
  Object.keys(pkg.dependencies).length === 0 &&
  hooks.preStaging.length + hooks.postStaging.length === 0;

/**
 * The `node_modules` in which all dependencies are, so that nothing will be installed: of the folder itself, or of one
 * further up in a workspace. None where a hook may change it, or where it leads back into the folder.
 */
export function installedModules(source: AppSource, { hooks }: AppManifest): string | undefined {
  const { value: pkg } = readPackage(source);
  if (!pkg || pkg.hasWorkspaces || hooks.preStaging.length + hooks.postStaging.length > 0) return undefined;
  const names = Object.keys(pkg.dependencies);
  for (let folder = source.root; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (names.every((name) => existsSync(join(modules, name, 'package.json'))) && existsSync(modules))
      return modules;
    // An app without dependencies needs nothing of the folders above.
    if (folder === dirname(folder) || names.length === 0) return undefined;
  }
}

/** Whether Node would find each dependency: here, or further up in a workspace. Yarn's PnP has no folders to look for. */
function isInstalled(source: AppSource, pkg: PackageJson): boolean {
  if (existsSync(join(source.root, '.pnp.cjs'))) return true;
  const names = Object.keys(pkg.dependencies);
  if (names.length === 0) return existsSync(join(source.root, 'node_modules'));
  return names.every((name) => isResolvable(source.root, name));
}

function isResolvable(root: string, name: string): boolean {
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules', name, 'package.json'))) return true;
    if (folder === dirname(folder)) return false;
  }
}

async function run(context: InstallContext, manager: PackageManager): Promise<void> {
  const program = findProgram(context, manager);
  const args = [...program.args, ...manager.install, ...(context.offline ? ['--offline'] : [])];
  context.log(`-----> Installing dependencies with ${manager.name} (${manager.lock ?? 'package.json'})`);
  const result = await context.run({
    file: program.file,
    args,
    cwd: context.source.root,
    env: installEnv(context),
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  context.signal.throwIfAborted();
  if (result.code !== 0) throw nodeInstallError(context, manager, result);
}

/** The package manager itself, or corepack on its behalf. */
function findProgram(
  { toolEnv, manifest }: InstallContext,
  { name }: PackageManager,
): { readonly file: string; readonly args: readonly string[] } {
  const own = findTool(name, toolEnv);
  if (own) return { file: own, args: [] };
  const corepack = name === 'yarn' || name === 'pnpm' ? findTool('corepack', toolEnv) : undefined;
  if (corepack) return { file: corepack, args: [name] };
  const install = name === 'npm' ? installLine('npm', toolEnv) : `npm install --global ${name}`;
  throw new PaasError('STAGING_TOOL_MISSING', {
    app: manifest.name,
    tool: name,
    ...(install ? { install } : {}),
  });
}

/** Bounds silence; a user's own settings come first. NODE_ENV=production would leave out tools of the user's own. */
function installEnv({ toolEnv }: InstallContext): Readonly<Record<string, string>> {
  const { NODE_ENV: _left, ...rest } = toolEnv;
  return {
    npm_config_fetch_retries: '1',
    npm_config_fetch_timeout: '30000',
    npm_config_update_notifier: 'false',
    COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
    ...rest,
    CI: '1',
  };
}
