/**
 * Go: built outside of the app's folder. The program that starts the app builds it first, so that an edit needs
 * no staging; where nothing changed that costs a fraction of a second, as Go keeps what it compiled.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import type { AppManifest } from '../manifest/types.ts';
import { findTool } from '../../services/kit/find-tool.ts';
import { fingerprint } from './fingerprint.ts';
import { buildError } from './go/build-error.ts';
import { goPackage, programName } from './go/package.ts';
import { shellQuote } from '../kernel/shell-quote.ts';
import { installLine } from './tool-hints.ts';
import type { AppSource, Buildpack, Findings, InstallContext, Installed } from './types.ts';

const BUILD_TIMEOUT_MS = 900_000;
const ENV_TIMEOUT_MS = 20_000;
/**
 * Where Go keeps what it downloads and compiles, which lies below HOME, for an app its own folder; and settings that
 * the user has for Go and the app's environment does not.
 */
const SETTINGS = [
  'GOCACHE',
  'GOMODCACHE',
  'GOPATH',
  'GOENV',
  'GOFLAGS',
  'GOPROXY',
  'GOPRIVATE',
  'GOSUMDB',
] as const;

export const go: Buildpack = {
  name: 'go',
  aliases: ['golang'],
  recognise,
  inspect,
  programs: () => [{ name: 'go', tool: 'go' }],
  install,
};

function recognise(source: AppSource): string | undefined {
  if (source.hasFile('go.mod')) return 'go.mod found';
  const file = source.list().find((name) => name.endsWith('.go') && !name.endsWith('_test.go'));
  return file && `${file} found`;
}

function inspect(source: AppSource, manifest: AppManifest): Findings {
  const target = goPackage(source, manifest);
  return {
    commands: target
      ? {
          web: {
            command: programName(source, target),
            from: target === '.' ? 'package main' : `package main in ${target}`,
          },
        }
      : {},
    lookedFor: ['a package main, at the top or in one folder of cmd/'],
    requirementFiles: ['go.mod', 'go.sum'].filter((file) => source.hasFile(file)),
    notes: source.hasFile('go.mod')
      ? []
      : ['go.mod is missing: only the standard library can be imported; run "go mod init"'],
  };
}

async function install(context: InstallContext): Promise<Installed> {
  const { source, manifest } = context;
  const tool = findTool('go', context.toolEnv);
  if (!tool) throw missing(context);
  const target = goPackage(source, manifest);
  const key = fingerprint({ root: source.root, target: target ?? null, tool });
  if (target === undefined) return { skipped: true, fingerprint: key, path: [], env: {} };
  const folder = join(context.notesDir ?? context.cacheDir, 'go', key);
  await mkdir(join(folder, 'bin'), { recursive: true, mode: 0o700 });
  const launcher = join(folder, 'bin', programName(source, target));
  await writeFile(launcher, launchScript(tool, await settingsOf(context, tool), folder, source, target), {
    mode: 0o755,
  });
  await chmod(launcher, 0o755);
  context.log(`-----> Building ${target === '.' ? 'the app' : target} with Go`);
  const before = await digestOf(folder);
  const result = await context.run({
    file: launcher,
    args: ['--paas-local-build-only'],
    cwd: source.root,
    env: context.toolEnv,
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  context.signal.throwIfAborted();
  if (result.code !== 0) throw buildError(context, result);
  return {
    skipped: before !== undefined && before === (await digestOf(folder)),
    fingerprint: key,
    path: [join(folder, 'bin')],
    env: {},
  };
}

/** What the program is made of; undefined before the first build. */
async function digestOf(folder: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(join(folder, 'program'))) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

async function settingsOf(context: InstallContext, tool: string): Promise<Readonly<Record<string, string>>> {
  const { output } = await context.run({
    file: tool,
    args: ['env', '-json', ...SETTINGS],
    cwd: context.cacheDir,
    env: { ...context.toolEnv, ...(context.offline ? { GOPROXY: 'off' } : {}) },
    timeoutMs: ENV_TIMEOUT_MS,
    quiet: true,
  });
  context.signal.throwIfAborted();
  try {
    return JSON.parse(output) as Record<string, string>;
  } catch {
    return {};
  }
}

/**
 * Builds beside the last result and puts it in its place, as instances may start at the same moment. A copy of the
 * last result is built upon: Go sees that it is up to date and leaves it.
 */
function launchScript(
  tool: string,
  settings: Readonly<Record<string, string>>,
  folder: string,
  source: AppSource,
  target: string,
): string {
  const built = shellQuote(join(folder, 'program'));
  const variables = Object.entries(settings).map(([name, value]) => `${name}=${shellQuote(value)}`);
  const module = source.hasFile('go.mod');
  const what = module ? shellQuote(target) : topFiles(source).map(shellQuote).join(' ');
  return [
    '#!/bin/sh',
    `cp -p ${built} ${built}.$$ 2>/dev/null`,
    `(cd ${shellQuote(source.root)} && env ${variables.join(' ')} ${module ? '' : 'GO111MODULE=auto '}${shellQuote(tool)} build -o ${built}.$$ ${what}) || { rm -f ${built}.$$; exit 1; }`,
    `mv -f ${built}.$$ ${built}`,
    '[ "$1" = --paas-local-build-only ] && exit 0',
    `exec ${built} "$@"`,
    '',
  ].join('\n');
}

const topFiles = (source: AppSource): readonly string[] =>
  source
    .list()
    .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))
    .map((name) => `./${name}`);

function missing(context: InstallContext): PaasError {
  const line = installLine('go', context.toolEnv);
  return new PaasError('STAGING_TOOL_MISSING', {
    app: context.manifest.name,
    tool: 'Go',
    ...(line ? { install: line } : {}),
  });
}
