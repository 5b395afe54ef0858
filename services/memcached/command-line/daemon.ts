import { spawnDetached } from '../../kit/process.ts';
import { ProcessError } from '../../kit/process-error.ts';
import { EXIT } from './ending.ts';
import type { CommandLine } from './command-line.ts';
import type { ProgramWorld } from './run.ts';

/** Set in the environment of the one that goes on in the background; `cli/main.ts` looks for it. */
const DAEMON_VARIABLE = 'PAAS_LOCAL_MEMCACHED_DAEMON';
const READY_MS = 20_000;

export interface Starter {
  /** A program and its arguments, before memcached's. */
  readonly file: string;
  readonly args: readonly string[];
  /** This is the one in the background. */
  readonly daemon: boolean;
}

/** What the one in the background says to the one that started it, as a line. */
type Announcement = { readonly serving: number } | { readonly failed: number; readonly stderr: string };

/** Starts this program again in a session of its own; returns when that serves, or cannot. */
export async function detach(line: CommandLine, world: ProgramWorld): Promise<number> {
  const { starter, argv, env, stderr } = world;
  const daemon = spawnDetached({
    file: starter.file,
    args: [...starter.args, ...argv],
    cwd: line.coreDumps ? world.cwd : '/',
    env: { ...definedOf(env), [DAEMON_VARIABLE]: '1' },
    logFile: line.settings.verbosity > 0 ? '/dev/stderr' : '/dev/null',
    readyTimeoutMs: READY_MS,
  });
  try {
    const said = JSON.parse(await daemon.readyLine) as Announcement;
    if ('serving' in said) return EXIT.ok;
    stderr.write(said.stderr);
    return said.failed;
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    stderr.write(`failed to daemon() in order to daemonize: ${error.message}\n`);
    return EXIT.failure;
  }
}

/** @returns the exit code to end with, where it failed */
export function tellStarter({ stdout }: ProgramWorld, announcement: Announcement): number {
  stdout.write(`${JSON.stringify(announcement)}\n`);
  return 'failed' in announcement ? announcement.failed : EXIT.ok;
}

function definedOf(env: ProgramWorld['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
