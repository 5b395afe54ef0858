/** Python: requirements in a virtual environment outside the app's folder, `application` of wsgi.py served. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../../services/kit/json.ts';
import type { AppManifest } from '../manifest/types.ts';
import { publish } from './publish.ts';
import { makeEnvironment } from './python/environment.ts';
import { findInterpreter, type Interpreter } from './python/interpreter.ts';
import { environmentKey, readNeeds, type Needs } from './python/needs.ts';
import { readRequirements } from './python/requirements.ts';
import { isSatisfied } from './python/satisfied.ts';
import { LOOKED_FOR, pythonStart } from './python/start-command.ts';
import { wantedVersion } from './python/wanted-version.ts';
import type { AppSource, Buildpack, Findings, InstallContext, Installed } from './types.ts';

/** How long one push waits for another that installs the same. */
const WAIT_MS = 900_000;

/** Files that mean Python, the most telling first. */
const SIGNS = [
  'requirements.txt',
  'requirements.pypm',
  'requirements-pypm.txt',
  'Pipfile',
  'pyproject.toml',
  'setup.py',
  'manage.py',
  'wsgi.py',
] as const;

/** Files whose change means installing again, where they are there. */
const REQUIREMENT_FILES = [
  'requirements.txt',
  'requirements.pypm',
  'requirements-pypm.txt',
  'Pipfile',
  'Pipfile.lock',
  'pyproject.toml',
  'uv.lock',
  'poetry.lock',
  'pdm.lock',
  'runtime.txt',
  '.python-version',
] as const;

export const python: Buildpack = {
  name: 'python',
  aliases: ['django', 'flask', 'wsgi', 'python2', 'python3', 'python27', 'python32'],
  recognise,
  inspect,
  install,
};

function recognise(source: AppSource, manifest: AppManifest): string | undefined {
  if (manifest.requirements.pip.length > 0) return '"requirements: pip" in the manifest';
  const sign = SIGNS.find((file) => source.hasFile(file));
  if (sign) return `${sign} found`;
  // A folder of scripts; but a page with a helper script beside it is a site.
  const script = source.hasFile('index.html')
    ? undefined
    : source.list().find((name) => name.endsWith('.py'));
  return script && `${script} found`;
}

function inspect(source: AppSource, manifest: AppManifest): Findings {
  const requirements = readRequirements(source, manifest);
  const start = pythonStart(source, manifest, requirements);
  const included = requirements.inputs.map(({ path }) => path);
  return {
    commands: start ? { web: { command: start.command, from: start.from } } : {},
    lookedFor: LOOKED_FOR,
    requirementFiles: [
      ...new Set([...REQUIREMENT_FILES.filter((file) => source.hasFile(file)), ...included]),
    ],
    notes: source.hasFile('environment.yml')
      ? ['environment.yml is not read: conda environments are not made here; write a requirements.txt']
      : [],
  };
}

async function install(context: InstallContext): Promise<Installed> {
  await mkdir(context.cacheDir, { recursive: true, mode: 0o700 });
  const needs = readNeeds(context);
  const interpreter = await findInterpreter(context, wantedVersion(context.source, context.manifest));
  for (const name of needs.added)
    context.log(`-----> ${name} added: the app brings no server for its start command`);
  const { folder, note, reused } = await publishEnvironment(context, interpreter, needs);
  return {
    skipped: reused,
    fingerprint: environmentKey(context, interpreter, needs),
    path: [join(folder, 'bin')],
    env: {
      VIRTUAL_ENV: folder,
      PYTHONUNBUFFERED: '1',
      // Compiled files go here instead of into `__pycache__` folders of the user's tree.
      PYTHONPYCACHEPREFIX: join(folder, 'pycache'),
      // It would make a socket in HOME, which is the app's folder: one for all instances, and a change of files.
      ...(isRecord(note) && note.gunicornControl ? { GUNICORN_CMD_ARGS: '--no-control-socket' } : {}),
      ...needs.variables,
    },
  };
}

async function publishEnvironment(
  context: InstallContext,
  interpreter: Interpreter,
  needs: Needs,
): ReturnType<typeof publish> {
  const parent = join(context.cacheDir, 'python');
  await mkdir(parent, { recursive: true, mode: 0o700 });
  return await publish({
    app: context.manifest.name,
    parent,
    key: environmentKey(context, interpreter, needs),
    signal: context.signal,
    waitMs: WAIT_MS,
    doing: 'installing the same requirements',
    log: context.log,
    isGood: ({ folder, note }) => isGood(context, interpreter, folder, note),
    build: async (folder) => ({ ...(await makeEnvironment(context, interpreter, needs, folder)) }),
  });
}

/** Its interpreter may have been removed, or packages of the system it leans on. */
async function isGood(
  context: InstallContext,
  interpreter: Interpreter,
  folder: string,
  note: Json,
): Promise<boolean> {
  if (!existsSync(join(folder, 'bin', 'python')) || !isRecord(note)) return false;
  const leansOn = note.leansOn;
  return !Array.isArray(leansOn) || (await isSatisfied(context, interpreter, leansOn.map(String)));
}

const isRecord = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
