/** Makes one virtual environment: the cheapest that gives the app what it asks for. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PaasError } from '../../kernel/errors.ts';
import { shellQuote } from '../../kernel/shell-quote.ts';
import { installLine } from '../tool-hints.ts';
import type { InstallContext } from '../types.ts';
import { requirementArguments } from './arguments.ts';
import { askPython } from './ask.ts';
import { installError } from './install-error.ts';
import { canServeOthers, chooseInstaller, venvCommand, type Command } from './installer.ts';
import type { Interpreter } from './interpreter.ts';
import type { Needs } from './needs.ts';
import { plainRequirements, readProject } from './project.ts';
import { isEmpty, mentions } from './requirements.ts';
import { isSatisfied } from './satisfied.ts';

/** What is kept about an environment. */
export interface EnvironmentFacts {
  /** Requirements that packages of its interpreter satisfy: to be checked again at every use. */
  readonly leansOn?: readonly string[];
  /** It holds a gunicorn that opens a control socket unless told not to. */
  readonly gunicornControl?: boolean;
}

const VENV_TIMEOUT_MS = 120_000;
const INSTALL_TIMEOUT_MS = 900_000;

/**
 * Fills `folder`, an existing empty one. Looked for in this order: nothing needed; the interpreter itself has
 * everything; an installer fetches it.
 * @throws PaasError `STAGING_TOOL_MISSING`, `STAGING_PACKAGE_MISSING`, `STAGING_FAILED`
 */
export async function makeEnvironment(
  context: InstallContext,
  interpreter: Interpreter,
  needs: Needs,
  folder: string,
): Promise<EnvironmentFacts> {
  const leansOn = await fill(context, interpreter, needs, folder);
  if (canServeOthers(interpreter.pip)) await addPip(interpreter, folder);
  for (const [name, script] of Object.entries(needs.launchers)) await addProgram(folder, name, script);
  return {
    ...(leansOn ? { leansOn } : {}),
    ...((await hasControlSocket(context, folder, needs)) ? { gunicornControl: true } : {}),
  };
}

/** gunicorn grew its control socket, and the flag that forbids it, in one version. */
async function hasControlSocket(
  context: InstallContext,
  folder: string,
  { requirements, added }: Needs,
): Promise<boolean> {
  if (!mentions(requirements, 'gunicorn') && !added.includes('gunicorn')) return false;
  const script = 'from gunicorn.config import ControlSocketDisable';
  return (await askPython(context, join(folder, 'bin', 'python'), script)).code === 0;
}

/** Returns the requirements that packages of the interpreter satisfy, where it leans on those. */
async function fill(
  context: InstallContext,
  interpreter: Interpreter,
  needs: Needs,
  folder: string,
): Promise<readonly string[] | undefined> {
  const version = interpreter.version.join('.');
  if (isEmpty(needs.requirements) && needs.added.length === 0) {
    await makeWithoutInstaller(context, interpreter, folder, []);
    context.log(`-----> Python ${version} (${interpreter.file}), no requirements`);
    return undefined;
  }
  const project = await readProject(context, interpreter, needs.requirements);
  const wanted = plainRequirements(needs, project);
  if (wanted && interpreter.hasVenv && (await isSatisfied(context, interpreter, wanted))) {
    context.log(
      `-----> Python ${version} (${interpreter.file}) has all that is required: nothing to install`,
    );
    await makeWithoutInstaller(context, interpreter, folder, ['--system-site-packages']);
    return wanted;
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
  return undefined;
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
  const python = shellQuote(join(folder, 'bin', 'python'));
  const script = `exec ${shellQuote(interpreter.file)} -I -m pip --python ${python} "$@"`;
  for (const name of ['pip', 'pip3']) await addProgram(folder, name, script);
}

/** An environment that brought a program of that name keeps its own. */
async function addProgram(folder: string, name: string, script: string): Promise<void> {
  const file = join(folder, 'bin', name);
  try {
    await writeFile(file, `#!/bin/sh\n${script}\n`, { flag: 'wx', mode: 0o755 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
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
