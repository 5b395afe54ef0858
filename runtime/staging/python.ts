/** Python: requirements in a virtual environment outside the app's folder, `application` of wsgi.py served. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import type { AppManifest } from '../manifest/types.ts';
import { LockTimeout } from './exclusively.ts';
import { fingerprint } from './fingerprint.ts';
import { publish } from './publish.ts';
import { isSatisfied, makeEnvironment, plainRequirements, type Needs } from './python/environment.ts';
import { findInterpreter, type Interpreter } from './python/interpreter.ts';
import { isEmpty, readRequirements } from './python/requirements.ts';
import { LOOKED_FOR, pythonStart, UWSGI } from './python/start-command.ts';
import { wantedVersion } from './python/wanted-version.ts';
import type { AppSource, Buildpack, Findings, InstallContext, Installed } from './types.ts';

/** Part of every fingerprint: raised when what we put into an environment changes. */
const LAYOUT = 1;
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
  const { manifest, source } = context;
  await mkdir(context.cacheDir, { recursive: true, mode: 0o700 });
  const requirements = readRequirements(source, manifest);
  const interpreter = await findInterpreter(context, wantedVersion(source, manifest));
  const added = addedServers(context, requirements);
  const needs: Needs = { requirements, added };
  for (const name of added)
    context.log(`-----> ${name} added: the app brings no server for its start command`);
  const { folder, reused } = await publishEnvironment(context, interpreter, needs);
  if (!reused && isEmpty(requirements) && added.length === 0)
    context.log('-----> No requirements to install');
  return {
    skipped: reused,
    fingerprint: keyOf(context, interpreter, needs),
    path: [join(folder, 'bin')],
    env: {
      VIRTUAL_ENV: folder,
      PYTHONUNBUFFERED: '1',
      // Compiled files go here instead of into `__pycache__` folders of the user's tree.
      PYTHONPYCACHEPREFIX: join(folder, 'pycache'),
      ...platformCommands(context),
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
  try {
    return await publish({
      parent,
      key: keyOf(context, interpreter, needs),
      signal: context.signal,
      waitMs: WAIT_MS,
      onWait: () => context.log('-----> Waiting for another push that installs the same requirements'),
      isGood: async ({ folder, note }) => {
        if (!existsSync(join(folder, 'bin', 'python'))) return false;
        if (note !== 'system') return true;
        const plain = plainRequirements(needs, undefined);
        return plain !== undefined && (await isSatisfied(context, interpreter, plain));
      },
      build: (folder) => makeEnvironment(context, interpreter, needs, folder),
    });
  } catch (error) {
    if (!(error instanceof LockTimeout)) throw error;
    throw new PaasError(
      'STAGING_FAILED',
      {
        app: manifest(context),
        message: 'another push has been installing the same requirements for too long',
      },
      { cause: error },
    );
  }
}

const manifest = (context: InstallContext): string => context.manifest.name;

/** What defines an environment. Where a requirement may be a path, the folder it is read in is part of it. */
function keyOf(context: InstallContext, interpreter: Interpreter, { requirements, added }: Needs): string {
  const { listed, inputs, plain, project } = requirements;
  return fingerprint({
    layout: LAYOUT,
    interpreter: [interpreter.file, interpreter.version.join('.'), interpreter.platform],
    inputs: inputs.map(({ path, text }) => [path, text]),
    listed,
    added,
    ...(plain || project ? {} : { root: context.source.root }),
  });
}

/** Servers the start command in force needs and the app does not ask for. */
function addedServers(
  context: InstallContext,
  requirements: ReturnType<typeof readRequirements>,
): readonly string[] {
  const start = pythonStart(context.source, context.manifest, requirements);
  const commands = context.manifest.processes.flatMap(({ command }) => command ?? []);
  const usesOurs =
    mentionsVariable(commands, 'PROCESSES_WEB') ||
    (start !== undefined &&
      context.facts.commands.web?.command === start.command &&
      context.manifest.processes.some(({ type, command }) => type === 'web' && command === undefined));
  return [
    ...(usesOurs && start?.server ? [start.server] : []),
    ...(mentionsVariable(commands, 'STACKATO_UWSGI') ? ['pyuwsgi'] : []),
  ];
}

/** The start commands Stackato offered as variables, for commands that build on them. */
function platformCommands({
  manifest: { processes, framework },
  source,
  manifest: whole,
}: InstallContext): Record<string, string> {
  const commands = processes.flatMap(({ command }) => command ?? []);
  const start = pythonStart(source, whole, readRequirements(source, whole));
  return {
    ...(start && mentionsVariable(commands, 'PROCESSES_WEB') ? { PROCESSES_WEB: start.command } : {}),
    ...(mentionsVariable(commands, 'STACKATO_UWSGI')
      ? { STACKATO_UWSGI: `${UWSGI} --wsgi-file ${framework?.startFile ?? 'wsgi.py'}` }
      : {}),
  };
}

const mentionsVariable = (commands: readonly string[], name: string): boolean =>
  commands.some((command) => new RegExp(`\\$\\{?${name}\\b`).test(command));
