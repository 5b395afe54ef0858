/** Node: dependencies by the lock file's own package manager, in the app's folder as Node wants them. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AppManifest } from '../manifest/types.ts';
import { findTool } from '../../services/kit/find-tool.ts';
import { installDependencies, installedModules } from './node/dependencies.ts';
import { LOCK_FILES } from './node/package-manager.ts';
import { readPackage } from './node/package-json.ts';
import { checkEngine } from './node/engine.ts';
import { nodeStart, LOOKED_FOR, START_FILES } from './node/start-command.ts';
import type { AppSource, Buildpack, Findings, InstallContext, Installed } from './types.ts';

/** Files that say what to install and on what, where they are there. */
const REQUIREMENT_FILES = [
  'package.json',
  ...LOCK_FILES,
  '.npmrc',
  '.yarnrc.yml',
  'pnpm-workspace.yaml',
  '.nvmrc',
];

export const node: Buildpack = {
  name: 'node',
  aliases: ['nodejs', 'node.js', 'express', 'node04', 'node06', 'node08', 'node010'],
  recognise,
  inspect,
  shares,
  install,
};

function recognise(source: AppSource): string | undefined {
  if (source.hasFile('package.json')) return 'package.json found';
  const script = START_FILES.find((file) => source.hasFile(file));
  if (script === undefined) return undefined;
  // Beside a page, `main.js` is more often the page's own script than a server.
  if (source.hasFile('index.html') && !/\.listen\s*\(/.test(source.readText(script) ?? '')) return undefined;
  return `${script} found`;
}

function inspect(source: AppSource, manifest: AppManifest): Findings {
  const { value: pkg, problem } = readPackage(source);
  const start = nodeStart(source, manifest, pkg);
  const hooks = ['heroku-prebuild', 'heroku-postbuild', 'gcp-build'].filter((name) => pkg?.scripts[name]);
  return {
    commands: start ? { web: start } : {},
    lookedFor: LOOKED_FOR,
    requirementFiles: REQUIREMENT_FILES.filter((file) => source.hasFile(file)),
    notes: [
      ...(problem ? [`package.json cannot be read: ${problem}`] : []),
      ...hooks.map(
        (name) =>
          `package.json scripts.${name} is not run here; if the app needs it, call it in a post-staging hook`,
      ),
    ],
  };
}

function shares(source: AppSource, manifest: AppManifest): ReadonlyMap<string, string> {
  const modules = installedModules(source, manifest);
  return new Map(modules === undefined ? [] : [['node_modules', modules]]);
}

async function install(context: InstallContext): Promise<Installed> {
  // In this thread: on a busy machine the way to another one and back takes ten milliseconds, and this a tenth of one.
  mkdirSync(context.cacheDir, { recursive: true, mode: 0o700 });
  await checkEngine(context);
  const result = await installDependencies(context);
  return {
    ...result,
    path: [
      join(context.source.root, 'node_modules', '.bin'),
      // We run on Node ourselves, so there is one even where PATH has none.
      ...(findTool('node', context.toolEnv) ? [] : [dirname(process.execPath)]),
    ],
    env: {},
  };
}
