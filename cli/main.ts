#!/usr/bin/env node
/** The program: reads argv and environment once, runs, turns the outcome into an exit code. */
import { dirname, join } from 'node:path';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodeCache } from '../runtime/kernel/code-cache.ts';
import { VERSION } from '../runtime/kernel/version.ts';
import { watchOutput } from './output.ts';
import type * as Program from './program.ts';
import { codeFolder, stateHome } from '../runtime/state/home.ts';

/** Set for the one that `memcached -d` leaves in the background. */
const DAEMON_VARIABLE = 'PAAS_LOCAL_MEMCACHED_DAEMON';

const HUNG_UP = 129;
const argv = process.argv.slice(2);
/** Through a link of that name, for programs that start a `memcached`. */
const asMemcached = basename(process.argv[1]!) === 'memcached';

async function main(): Promise<void> {
  if (asMemcached || argv[0] === 'memcached') return memcached(asMemcached ? argv : argv.slice(1));
  if (argv[0] === 'help' && argv[1] === 'memcached') return memcached(['-h']);
  const output = watchOutput();
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const cwd = workingFolder();
  const built = !import.meta.url.endsWith('.ts');
  const here = dirname(fileURLToPath(import.meta.url));
  const code = new CodeCache(codeFolder(stateHome(process.env, cwd)));
  const { runProgram } = built
    ? (code.load(join(here, 'program.cjs')) as typeof Program)
    : await import('./program.ts');
  process.exitCode = await runProgram({
    argv,
    env: process.env,
    cwd,
    stdout: process.stdout,
    stderr: process.stderr,
    output,
    hostEntry: join(here, `../runtime/host-main.${built ? 'cjs' : 'ts'}`),
    execArgv: process.execArgv,
  });
  // Of all commands this one is waited for most; what it shares with others helps them, too.
  if (argv[0] === 'push') code.keep();
  // The terminal is gone: Node aborts when it sets it back at its exit, and whoever waits expects this end anyway.
  if (process.exitCode === HUNG_UP) process.kill(process.pid, 'SIGHUP');
}

/** Somebody may have removed it; then only absolute paths lead anywhere. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    process.stderr.write('The current folder does not exist any more; commands run as in "/"\n');
    process.chdir('/');
    return '/';
  }
}

/** @param argv memcached's own command line */
async function memcached(argv: readonly string[]): Promise<void> {
  const { runMemcached, standardStream } = await import('../services/memcached/command-line/run.ts');
  const { [DAEMON_VARIABLE]: daemon, ...env } = process.env;
  process.exitCode = await runMemcached({
    argv,
    env,
    cwd: workingFolder(),
    stdout: standardStream(1),
    stderr: standardStream(2),
    starter: {
      file: process.execPath,
      args: [...process.execArgv, process.argv[1]!, ...(asMemcached ? [] : ['memcached'])],
      daemon: daemon !== undefined,
    },
  });
}

main().catch((error: unknown) => {
  // Node itself would print the line of the bundle, which is as long as a file.
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
