/** Folders, manifests and staging runs for the tests here. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runToEnd } from '../../../services/kit/process.ts';
import { absolutePath, appName } from '../../../runtime/kernel/names.ts';
import { toolEnv } from '../../../runtime/env/shell-env.ts';
import type { AppManifest } from '../../../runtime/manifest/types.ts';
import { openAppSource } from '../../../runtime/staging/app-source.ts';
import { detect, install } from '../../../runtime/staging/stager.ts';
import type { AppFacts, Installed } from '../../../runtime/staging/types.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** A folder holding these files; a path ending in `/` is a folder. */
export function appFolder(files: Readonly<Record<string, string>>): string {
  const root = tempDir('paas-local-app-');
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(path.endsWith('/') ? file : dirname(file), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(file, text);
  }
  return root;
}

export type ManifestPart = Partial<Omit<AppManifest, 'name' | 'root' | 'span' | 'requirements'>> & {
  readonly pip?: readonly string[];
  readonly command?: string;
  readonly requirements?: Partial<AppManifest['requirements']>;
};

const check = {
  type: 'port',
  endpoint: '/',
  startTimeoutSeconds: 60,
  invocationTimeoutSeconds: 1,
  intervalSeconds: 1,
} as const;

/** A manifest of one app with a web process, as the parser leaves it. */
export function manifestFor(
  root: string,
  { pip = [], command, requirements, ...part }: ManifestPart = {},
): AppManifest {
  return {
    name: appName('the-app'),
    span: { file: join(root, 'manifest.yml'), line: 1, column: 1, length: 1, source: '' },
    root: absolutePath(root),
    processes: [
      {
        type: 'web',
        ...(command === undefined ? {} : { command }),
        instances: 1,
        memoryBytes: 2 ** 27,
        diskBytes: 2 ** 30,
        health: check,
        readiness: check,
      },
    ],
    sidecars: [],
    buildpacks: [],
    routes: { kind: 'default' },
    services: [],
    env: {},
    hooks: { prePush: [], preStaging: [], postStaging: [], preRunning: [] },
    requirements: { pip, cpan: [], ppm: [], system: [], ...requirements },
    dependsOn: [],
    cron: [],
    drains: [],
    features: {},
    labels: {},
    annotations: {},
    ...part,
  };
}

/** A literal variable of the manifest. */
export const variable = (value: string): AppManifest['env'][string] => ({
  value,
  hidden: false,
  span: { file: 'manifest.yml', line: 1, column: 1, length: 1, source: '' },
  origin: 'manifest',
});

export const factsOf = (files: Readonly<Record<string, string>>, part: ManifestPart = {}): AppFacts => {
  const root = appFolder(files);
  return detect(openAppSource(root), manifestFor(root, part));
};

export interface StageOptions extends ManifestPart {
  readonly cacheDir?: string;
  /** Over the tools' usual environment; undefined takes a variable away. */
  readonly toolEnv?: Readonly<Record<string, string | undefined>>;
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
}

/** Detects and installs, with real programs. */
export async function stage(
  root: string,
  {
    cacheDir = tempDir('paas-local-cache-'),
    toolEnv: changed = {},
    offline,
    signal,
    ...part
  }: StageOptions = {},
): Promise<
  Installed & { readonly log: readonly string[]; readonly facts: AppFacts; readonly cacheDir: string }
> {
  const log: string[] = [];
  const manifest = manifestFor(root, part);
  const source = openAppSource(root);
  const facts = detect(source, manifest);
  const abort = signal ?? new AbortController().signal;
  const installed = await install({
    manifest,
    source,
    facts,
    cacheDir,
    toolEnv: definedOnly({ ...toolEnv(process.env), ...changed }),
    ...(offline === undefined ? {} : { offline }),
    signal: abort,
    log: (text) => log.push(text),
    run: (step) =>
      runToEnd({
        ...step,
        signal: abort,
        ...(step.quiet ? {} : { onLine: (_stream, text) => log.push(text) }),
      }),
  });
  return { ...installed, log, facts, cacheDir };
}

const definedOnly = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
