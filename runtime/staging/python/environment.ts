/** Makes one virtual environment: the cheapest that gives the app what it asks for. */
import { chmod, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PaasError } from '../../kernel/errors.ts';
import { installLine } from '../tool-hints.ts';
import type { InstallContext } from '../types.ts';
import { canServeOthers, chooseInstaller, pythonToolEnv, venvCommand, type Command } from './installer.ts';
import type { Interpreter } from './interpreter.ts';
import { installError } from './install-error.ts';
import { isEmpty, requirementLines, type PythonRequirements } from './requirements.ts';
import { CHECK_SATISFIED, READ_PROJECT } from './scripts.ts';

/** How an environment came to be. `system` sees the packages of its interpreter and must be checked again. */
export type EnvironmentKind = 'bare' | 'system' | 'installed';

export interface Needs {
  readonly requirements: PythonRequirements;
  /** Distributions we add ourselves: the server of a start command of ours. */
  readonly added: readonly string[];
}

const CHECK_TIMEOUT_MS = 20_000;
const VENV_TIMEOUT_MS = 120_000;
const INSTALL_TIMEOUT_MS = 900_000;

/**
 * Fills `folder`, an existing empty one.
 * @throws PaasError `STAGING_TOOL_MISSING`, `STAGING_PACKAGE_MISSING`, `STAGING_FAILED`
 */
export async function makeEnvironment(
  context: InstallContext,
  interpreter: Interpreter,
  needs: Needs,
  folder: string,
): Promise<EnvironmentKind> {
  const version = interpreter.version.join('.');
  if (isEmpty(needs.requirements) && needs.added.length === 0) {
    await makeWithoutInstaller(context, interpreter, folder, []);
    return 'bare';
  }
  const project = await readProject(context, interpreter, needs.requirements);
  const wanted = plainRequirements(needs, project);
  if (wanted && interpreter.hasVenv && (await isSatisfied(context, interpreter, wanted))) {
    context.log(
      `-----> Python ${version} (${interpreter.file}) has all that is required: nothing to install`,
    );
    await makeWithoutInstaller(context, interpreter, folder, ['--system-site-packages']);
    return 'system';
  }
  const installer = chooseInstaller(context, interpreter);
  if (!installer) throw pipMissing(context, interpreter);
  context.log(
    `-----> Installing requirements for Python ${version} (${interpreter.file}) with ${installer.name}`,
  );
  await runTool(context, installer.makeEnvironment(folder), VENV_TIMEOUT_MS, 'make a virtual environment');
  const what = await requirementArguments(context, needs, project, folder);
  const result = await context.run({
    ...installer.installInto(folder, what),
    cwd: context.source.root,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  context.signal.throwIfAborted();
  if (result.code !== 0) throw installError(context, interpreter, result);
  if (installer.name === 'pip' || canServeOthers(interpreter.pip)) await addPip(interpreter, folder);
  return 'installed';
}

/** Whether this interpreter's own packages satisfy `requirements`, and what those need in turn. */
export async function isSatisfied(
  context: InstallContext,
  interpreter: Interpreter,
  requirements: readonly string[],
): Promise<boolean> {
  const { code, output } = await context.run({
    file: interpreter.file,
    args: ['-I', '-c', CHECK_SATISFIED, JSON.stringify(requirements)],
    cwd: context.cacheDir,
    env: pythonToolEnv(context),
    timeoutMs: CHECK_TIMEOUT_MS,
    quiet: true,
  });
  context.signal.throwIfAborted();
  // Anything else (no `packaging`, a requirement it cannot read) means that it cannot be told.
  return code === 0 && output.trim() === '[]';
}

/** All that is needed as plain requirements; undefined where some of it is more than that. */
export function plainRequirements(needs: Needs, project: Project | undefined): readonly string[] | undefined {
  if (!needs.requirements.project) {
    return needs.requirements.plain && [...needs.requirements.plain, ...needs.added];
  }
  // A lock pins exact versions, which a system's packages match by accident only.
  if (
    !project ||
    project.constraints.length > 0 ||
    project.requirements.some((line) => / @ |^\.|\//.test(line))
  ) {
    return undefined;
  }
  return [...project.requirements, ...needs.requirements.listed, ...needs.added];
}

export interface Project {
  readonly requirements: readonly string[];
  readonly constraints: readonly string[];
}

/** What Pipfile or pyproject.toml asks for. Undefined where requirement files count instead. */
async function readProject(
  context: InstallContext,
  interpreter: Interpreter,
  { project }: PythonRequirements,
): Promise<Project | undefined> {
  if (!project) return undefined;
  const { code, output } = await context.run({
    file: interpreter.file,
    args: ['-I', '-c', READ_PROJECT, project.path, project.lock ?? ''],
    cwd: context.source.root,
    env: pythonToolEnv(context),
    timeoutMs: CHECK_TIMEOUT_MS,
    quiet: true,
  });
  context.signal.throwIfAborted();
  if (code === 0) return JSON.parse(output) as Project;
  throw new PaasError('STAGING_FAILED', {
    app: context.manifest.name,
    message: `${[project.path, project.lock].filter(Boolean).join(' and ')} cannot be read: ${output.trim().split('\n').at(-1) ?? ''}`,
    hint: /tomli/.test(output)
      ? `Python ${interpreter.version.join('.')} cannot read TOML: use Python 3.11 or newer, or write a requirements.txt`
      : 'Correct it, or write a requirements.txt, which is read instead',
  });
}

/** The installer's arguments. Lines that are not in a file of the app are written to one of ours. */
async function requirementArguments(
  context: InstallContext,
  { requirements, added }: Needs,
  project: Project | undefined,
  folder: string,
): Promise<readonly string[]> {
  const { root } = context.source;
  const listed = requirements.listed.map((line) => againstRoot(line, root));
  const ours = [...(project?.requirements ?? []), ...listed, ...added];
  const args = requirements.files.flatMap((file) => ['-r', join(root, file)]);
  if (ours.length > 0) {
    const file = join(folder, 'requirements.txt');
    await writeFile(file, `${ours.join('\n')}\n`);
    args.push('-r', file);
  }
  if (project && project.constraints.length > 0) {
    const file = join(folder, 'constraints.txt');
    await writeFile(file, `${project.constraints.join('\n')}\n`);
    args.push('-c', file);
  }
  return args;
}

/** Our file lies elsewhere, so a path in a line of the manifest is made absolute. */
function againstRoot(line: string, root: string): string {
  const [only = ''] = requirementLines(line);
  const [, option = '', path] =
    /^((?:-r|-c|-e|--requirement|--constraint|--editable)[\s=]+)?(\.{0,2}\/\S*|\.{1,2}|[\w./-]+\.txt)$/.exec(
      only,
    ) ?? [];
  return path === undefined ? only : `${option}${resolve(root, path)}`;
}

/** An environment of its own needs neither pip nor uv. */
async function makeWithoutInstaller(
  context: InstallContext,
  interpreter: Interpreter,
  folder: string,
  flags: readonly string[],
): Promise<void> {
  if (!interpreter.hasVenv) throw pipMissing(context, interpreter);
  const command = venvCommand(context, interpreter, folder, ['--without-pip', ...flags]);
  await runTool(context, command, VENV_TIMEOUT_MS, 'make a virtual environment');
  if (canServeOthers(interpreter.pip)) await addPip(interpreter, folder);
}

async function runTool(
  context: InstallContext,
  command: Command,
  timeoutMs: number,
  act: string,
): Promise<void> {
  const result = await context.run({ ...command, cwd: context.cacheDir, timeoutMs, quiet: true });
  context.signal.throwIfAborted();
  if (result.code === 0) return;
  const lines = result.output.trimEnd().split('\n').slice(-20);
  for (const line of lines) context.log(line, 'ERR');
  throw new PaasError(
    'STAGING_FAILED',
    {
      app: context.manifest.name,
      message: `${command.file} could not ${act}${result.timedOut ? ` within ${timeoutMs / 1000} s` : `: ${lines.at(-1) ?? ''}`}`,
    },
    { logLines: lines },
  );
}

/**
 * A `pip` for hooks and shells. Without one in the environment, the name would reach the system's pip,
 * which installs for the system.
 */
async function addPip(interpreter: Interpreter, folder: string): Promise<void> {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const script = `#!/bin/sh\nexec ${quoted(interpreter.file)} -I -m pip --python ${quoted(join(folder, 'bin', 'python'))} "$@"\n`;
  for (const name of ['pip', 'pip3']) {
    const file = join(folder, 'bin', name);
    // 'wx': an environment that brought its own pip keeps it.
    const written = await writeFile(file, script, { flag: 'wx' }).then(
      () => true,
      () => false,
    );
    if (written) await chmod(file, 0o755);
  }
}

function pipMissing(context: InstallContext, interpreter: Interpreter): PaasError {
  const tool = interpreter.hasVenv ? 'python3-pip' : 'python3-venv';
  const install = installLine(tool, context.toolEnv);
  return new PaasError('STAGING_TOOL_MISSING', {
    app: context.manifest.name,
    tool: `${interpreter.hasVenv ? 'pip' : 'the module venv'} of ${interpreter.file}`,
    ...(install ? { install } : {}),
  });
}
