/** PHP: served by its own server; dependencies by Composer, in the app's folder as PHP wants them. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import type { AppManifest } from '../manifest/types.ts';
import { findTool } from '../../services/kit/find-tool.ts';
import { inPlaceKey, installInPlace } from './in-place.ts';
import { readComposer, type Composer } from './php/composer-json.ts';
import { composerError } from './php/install-error.ts';
import { shellQuote } from '../kernel/shell-quote.ts';
import { installLine, installPackagesLine } from './tool-hints.ts';
import type { AppSource, Buildpack, Findings, InstallContext, Installed } from './types.ts';

const INPUTS = ['composer.json', 'composer.lock'] as const;
/** Folders that hold what is served, where the top level does not. */
const ROOTS = ['public', 'htdocs', 'web', 'webroot', 'www'] as const;
const INSTALL_TIMEOUT_MS = 900_000;
const MODULES_TIMEOUT_MS = 10_000;

export const php: Buildpack = {
  name: 'php',
  aliases: ['php5', 'php54', 'apache', 'lamp'],
  recognise,
  inspect,
  programs: () => [{ name: 'php', tool: 'php' }],
  install,
};

function recognise(source: AppSource): string | undefined {
  const sign = ['composer.json', 'index.php', ...ROOTS.map((folder) => `${folder}/index.php`)].find((file) =>
    source.hasFile(file),
  );
  const script = sign ?? source.list().find((name) => name.endsWith('.php'));
  return script && `${script} found`;
}

function inspect(source: AppSource, manifest: AppManifest): Findings {
  const root = documentRoot(source, manifest);
  return {
    commands: {
      web: { command: `php -S 127.0.0.1:$PORT -t ${shellQuote(root)}`, from: `document root ${root}` },
    },
    lookedFor: ['index.php', ...ROOTS.map((folder) => `${folder}/index.php`)],
    requirementFiles: INPUTS.filter((file) => source.hasFile(file)),
    notes: ['.htaccess', `${root}/.htaccess`].some((file) => source.hasFile(file))
      ? [".htaccess is not read: PHP's own server answers what no file answers with index.php"]
      : [],
  };
}

/** The manifest's, else that of Cloud Foundry's options file, else where index.php is. */
function documentRoot(source: AppSource, manifest: AppManifest): string {
  const options = source.readText('.bp-config/options.json');
  const [, configured] = /"WEBDIR"\s*:\s*"([^"\\]+)"/.exec(options ?? '') ?? [];
  return (
    manifest.framework?.documentRoot ??
    configured ??
    (source.hasFile('index.php') ? '.' : ROOTS.find((folder) => source.hasFile(`${folder}/index.php`))) ??
    '.'
  );
}

async function install(context: InstallContext): Promise<Installed> {
  await mkdir(context.cacheDir, { recursive: true, mode: 0o700 });
  if (!findTool('php', context.toolEnv)) throw missingTool(context, 'php', 'PHP');
  // Its own server answers one request at a time unless told how many processes to use.
  const shared = { path: [join(context.source.root, 'vendor', 'bin')], env: { PHP_CLI_SERVER_WORKERS: '4' } };
  const composer = readComposer(context.source);
  if (!composer) return { ...shared, skipped: true, fingerprint: inPlaceKey(context, INPUTS) };
  await reportExtensions(context, composer);
  if (composer.packages.length === 0)
    return { ...shared, skipped: true, fingerprint: inPlaceKey(context, INPUTS) };
  const result = await installInPlace(context, {
    language: 'php',
    inputs: INPUTS,
    isThere: () => existsSync(join(context.source.root, 'vendor', 'autoload.php')),
    adopted: 'vendor is there: used as it is',
    install: () => runComposer(context),
  });
  return { ...shared, ...result };
}

async function runComposer(context: InstallContext): Promise<void> {
  const file = findTool('composer', context.toolEnv);
  if (!file) throw missingTool(context, 'composer', 'Composer');
  context.log('-----> Installing dependencies with Composer');
  const result = await context.run({
    file,
    args: ['install', '--no-interaction', '--no-progress', '--prefer-dist', '--no-ansi'],
    cwd: context.source.root,
    env: {
      COMPOSER_ALLOW_SUPERUSER: '1',
      ...context.toolEnv,
      ...(context.offline ? { COMPOSER_DISABLE_NETWORK: '1' } : {}),
    },
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  context.signal.throwIfAborted();
  if (result.code !== 0) throw composerError(context, result);
}

/** Extensions composer.json asks for and this PHP does not have are named, with the package that holds them. */
async function reportExtensions(context: InstallContext, { extensions }: Composer): Promise<void> {
  if (extensions.length === 0) return;
  const { output } = await context.run({
    file: findTool('php', context.toolEnv)!,
    args: ['-m'],
    cwd: context.cacheDir,
    env: context.toolEnv,
    timeoutMs: MODULES_TIMEOUT_MS,
    quiet: true,
  });
  const present = new Set(
    output
      .toLowerCase()
      .split('\n')
      .map((line) => line.trim()),
  );
  const missing = extensions.filter((name) => !present.has(name.toLowerCase()));
  if (missing.length === 0) return;
  const line = installPackagesLine(
    missing.map((name) => `php-${name}`),
    context.toolEnv,
  );
  context.log(
    `composer.json asks for PHP extensions that are not here: ${missing.join(', ')}${line ? `; install them with: ${line}` : ''}`,
    'ERR',
  );
}

function missingTool(context: InstallContext, tool: 'php' | 'composer', name: string): PaasError {
  const install = installLine(tool, context.toolEnv);
  return new PaasError('STAGING_TOOL_MISSING', {
    app: context.manifest.name,
    tool: name,
    ...(install ? { install } : {}),
  });
}
