/** All that one environment has to hold: what the app asks for and what its start command needs besides. Only reads. */
import { fingerprint } from '../fingerprint.ts';
import { shellQuote } from '../../kernel/shell-quote.ts';
import type { InstallContext } from '../types.ts';
import type { Interpreter } from './interpreter.ts';
import { readRequirements, type PythonRequirements } from './requirements.ts';
import { pythonStart, UWSGI, type PythonStart } from './start-command.ts';

export interface Needs {
  readonly requirements: PythonRequirements;
  /** Distributions we add ourselves: the server of a start command of ours. */
  readonly added: readonly string[];
  /** Further programs for the environment's `bin`: shell text by name. */
  readonly launchers: Readonly<Record<string, string>>;
  /** Variables of the platform that name those programs. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Part of every fingerprint: raised when what we put into an environment changes. */
const LAYOUT = 2;

export function readNeeds(context: InstallContext): Needs {
  const { source, manifest } = context;
  const requirements = readRequirements(source, manifest);
  const start = pythonStart(source, manifest, requirements);
  const platform = PLATFORM_COMMANDS.filter(({ variable }) => isUsed(context, variable)).flatMap(
    (command) => {
      const made = command.make(start, manifest.framework?.startFile ?? 'wsgi.py');
      return made ? [{ ...command, ...made }] : [];
    },
  );
  const servers = [
    ...(startsOurs(context, start) ? [start?.server] : []),
    ...platform.map(({ server }) => server),
  ];
  return {
    requirements,
    added: [...new Set(servers.filter((server) => server !== undefined))],
    launchers: Object.fromEntries(platform.map(({ program, script }) => [program, script])),
    variables: Object.fromEntries(platform.map(({ variable, program }) => [variable, program])),
  };
}

/** What defines an environment. Where a requirement may be a path, the folder it is read in is part of it. */
export function environmentKey(context: InstallContext, interpreter: Interpreter, needs: Needs): string {
  const { listed, inputs, plain, project } = needs.requirements;
  return fingerprint({
    layout: LAYOUT,
    interpreter: [interpreter.file, interpreter.version.join('.'), interpreter.platform],
    inputs: inputs.map(({ path, text }) => [path, text]),
    listed,
    added: needs.added,
    launchers: needs.launchers,
    ...(plain || project ? {} : { root: context.source.root }),
  });
}

/**
 * Stackato's variables that hold the default start command, for commands that add options to it.
 * A variable's value is not expanded again, so each names a small program, which knows the port when it runs.
 */
const PLATFORM_COMMANDS = [
  {
    variable: 'PROCESSES_WEB',
    program: 'stackato-web',
    make: (start: PythonStart | undefined) =>
      start && { script: `exec ${start.command} "$@"`, server: start.server },
  },
  {
    variable: 'STACKATO_UWSGI',
    program: 'stackato-uwsgi',
    // The distribution with uWSGI ready built.
    make: (_start: PythonStart | undefined, file: string) => ({
      script: `exec ${UWSGI} --wsgi-file ${shellQuote(file)} "$@"`,
      server: 'pyuwsgi',
    }),
  },
] as const;

function isUsed({ manifest }: InstallContext, variable: string): boolean {
  const pattern = new RegExp(`\\$\\{?${variable}\\b`);
  return manifest.processes.some(({ command }) => command !== undefined && pattern.test(command));
}

/** Whether the web process is started by the command we found, and not by one of the user's. */
function startsOurs({ manifest, facts }: InstallContext, start: PythonStart | undefined): boolean {
  return (
    start !== undefined &&
    facts.commands.web?.command === start.command &&
    manifest.processes.some(({ type, command }) => type === 'web' && command === undefined)
  );
}
