/** Ruby: gems by Bundler outside the app's folder; Rails, Rack and Sinatra started as the platform did. */
import { mkdir, readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import { findTool } from '../../services/kit/find-tool.ts';
import { fingerprint } from './fingerprint.ts';
import { publish, writeAtomically } from './publish.ts';
import { gemsError } from './ruby/install-error.ts';
import { LOOKED_FOR, rubyStart, sinatraFile } from './ruby/start-command.ts';
import { installLine, type Tool } from './tool-hints.ts';
import type { AppSource, Buildpack, Findings, InstallContext, Installed } from './types.ts';

const INPUTS = ['Gemfile', 'Gemfile.lock', '.ruby-version'] as const;
const WAIT_MS = 900_000;
const INSTALL_TIMEOUT_MS = 900_000;
const VERSION_TIMEOUT_MS = 20_000;

export const ruby: Buildpack = {
  name: 'ruby',
  aliases: ['rails', 'rails3', 'rack', 'sinatra', 'ruby18', 'ruby19', 'ruby20'],
  recognise,
  inspect,
  programs: (source) => [
    { name: 'ruby', tool: 'ruby' },
    ...(source.hasFile('Gemfile') ? [{ name: 'bundle', tool: 'bundler' } as const] : []),
  ],
  install,
};

function recognise(source: AppSource): string | undefined {
  const sign = ['Gemfile', 'config.ru', 'config/environment.rb'].find((file) => source.hasFile(file));
  if (sign) return `${sign} found`;
  const script = sinatraFile(source);
  return script && `${script} with Sinatra found`;
}

function inspect(source: AppSource): Findings {
  const start = rubyStart(source);
  const notes = [
    ...(source.hasFile('Gemfile') && !source.hasFile('Gemfile.lock')
      ? ['Gemfile.lock is missing: Bundler will write it; Cloud Foundry would refuse the app']
      : []),
    ...(source.hasFile('app/assets/config/manifest.js')
      ? [
          'Assets are not compiled here; call "rails assets:precompile" in a post-staging hook if the app needs them',
        ]
      : []),
  ];
  return {
    commands: start ? { web: start } : {},
    lookedFor: LOOKED_FOR,
    requirementFiles: INPUTS.filter((file) => source.hasFile(file)),
    notes,
  };
}

async function install(context: InstallContext): Promise<Installed> {
  const { source, toolEnv } = context;
  const parent = join(context.cacheDir, 'ruby');
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const interpreter = need(context, 'ruby', 'ruby');
  const env = await platformEnv(context, parent);
  if (!source.hasFile('Gemfile')) return { skipped: true, fingerprint: 'ruby', path: [], env };
  const bundle = need(context, 'bundle', 'bundler');
  if (!source.hasFile('Gemfile.lock')) await lockGems(context, bundle, parent);
  const version = await context.run({
    file: interpreter,
    args: ['-e', 'print RUBY_ENGINE, RUBY_VERSION, RUBY_PLATFORM'],
    cwd: '/',
    env: toolEnv,
    timeoutMs: VERSION_TIMEOUT_MS,
    quiet: true,
  });
  const inputs = INPUTS.map((path) => [path, source.readText(path) ?? null]);
  // Gems of the app's own folder are named by their path in what Bundler keeps.
  const key = fingerprint({ interpreter, version: version.output, inputs, root: source.origin });
  const { folder, reused } = await publish({
    app: context.manifest.name,
    parent,
    key,
    signal: context.signal,
    waitMs: WAIT_MS,
    doing: 'installing the same gems',
    log: context.log,
    build: (target) => bundleInstall(context, bundle, target),
  });
  return {
    skipped: reused,
    fingerprint: key,
    path: [join(folder, 'bin')],
    env: { ...env, ...bundleEnv(folder) },
  };
}

function need(context: InstallContext, program: string, tool: Tool): string {
  const file = findTool(program, context.toolEnv);
  if (file) return file;
  const install = installLine(tool, context.toolEnv);
  throw new PaasError('STAGING_TOOL_MISSING', {
    app: context.manifest.name,
    tool: tool === 'ruby' ? 'Ruby' : 'Bundler',
    ...(install ? { install } : {}),
  });
}

/** Settings as variables: a `.bundle` folder in the app's would be a file of ours in the user's tree. */
function bundleEnv(folder: string): Record<string, string> {
  return {
    BUNDLE_PATH: join(folder, 'gems'),
    BUNDLE_APP_CONFIG: join(folder, 'config'),
    BUNDLE_WITHOUT: 'development:test',
  };
}

/** Writes the lock file first, so that what is installed is keyed by exact versions. */
async function lockGems(context: InstallContext, bundle: string, parent: string): Promise<void> {
  context.log('-----> Resolving gems: there is no Gemfile.lock');
  const env = { ...context.toolEnv, BUNDLE_APP_CONFIG: join(parent, 'config') };
  const args = ['lock', ...(context.offline ? ['--local'] : [])];
  const result = await context.run({
    file: bundle,
    args,
    cwd: context.source.root,
    env,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  context.signal.throwIfAborted();
  if (result.code !== 0) throw gemsError(context, result);
}

async function bundleInstall(context: InstallContext, bundle: string, folder: string): Promise<null> {
  context.log('-----> Installing gems with Bundler');
  const run = (args: readonly string[]) =>
    context.run({
      file: bundle,
      args,
      cwd: context.source.root,
      env: {
        BUNDLE_RETRY: '1',
        BUNDLE_TIMEOUT: '10',
        ...context.toolEnv,
        ...bundleEnv(folder),
        BUNDLE_FROZEN: '1',
      },
      timeoutMs: INSTALL_TIMEOUT_MS,
    });
  const result = await run(['install', ...(context.offline ? ['--local'] : [])]);
  context.signal.throwIfAborted();
  if (result.code !== 0) throw gemsError(context, result);
  // Programs of the gems, so that a start command finds them without "bundle exec".
  await run(['binstubs', '--all', '--path', join(folder, 'bin')]);
  context.signal.throwIfAborted();
  return null;
}

/** What the platform's buildpack sets; the app's own variables come after these. */
async function platformEnv(context: InstallContext, parent: string): Promise<Record<string, string>> {
  return {
    RACK_ENV: 'production',
    RAILS_ENV: 'production',
    RAILS_SERVE_STATIC_FILES: 'enabled',
    RAILS_LOG_TO_STDOUT: 'enabled',
    SECRET_KEY_BASE: await secretOf(join(parent, `${fingerprint(context.source.origin)}.secret`)),
  };
}

/** Minted once per app's folder: sessions outlive a restart. */
async function secretOf(file: string): Promise<string> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as string;
  } catch {
    const secret = randomBytes(64).toString('hex');
    await writeAtomically(file, secret);
    return secret;
  }
}
