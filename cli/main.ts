#!/usr/bin/env node
/** The program: reads argv and environment once, runs, turns the outcome into an exit code. */
import { fileURLToPath } from 'node:url';
import { VERSION } from '../runtime/kernel/version.ts';

const argv = process.argv.slice(2);

async function main(): Promise<void> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  // The reader of a pipe may go away (`| head`): that ends the command, it is not a failure of it.
  process.stdout.on('error', () => process.exit(0));
  const { runProgram } = await import('./program.ts');
  process.exitCode = await runProgram({
    argv,
    env: process.env,
    cwd: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    hostEntry: fileURLToPath(
      new URL(`../runtime/host-main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
    ),
    execArgv: process.execArgv,
  });
}

void main();
