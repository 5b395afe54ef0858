/** The host's own process: loads the host with what was compiled of it before, and keeps that after its first push. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CodeCache } from './kernel/code-cache.ts';
import { absolutePath } from './kernel/names.ts';
import type * as HostProgram from './host-program.ts';
import { codeFolder } from './state/home.ts';

/** A push runs most of what a host ever does; the app it started may have its first requests meanwhile. */
const KEEP_AFTER_MS = 2000;

const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    space: { type: 'string' },
    port: { type: 'string' },
    'tls-port': { type: 'string' },
    'strict-ports': { type: 'boolean', default: false },
    'for-push': { type: 'boolean', default: false },
  },
});
const home = absolutePath(values.home!);
const code = new CodeCache(codeFolder(home));

async function main(): Promise<void> {
  const { runHost } = import.meta.url.endsWith('.ts')
    ? await import('./host-program.ts')
    : (code.load(join(dirname(fileURLToPath(import.meta.url)), 'host-program.cjs')) as typeof HostProgram);
  let pushed = false;
  const exitCode = await runHost({
    home,
    space: values.space!,
    port: Number(values.port),
    tlsPort: Number(values['tls-port']),
    strictPorts: values['strict-ports'],
    forPush: values['for-push'],
    searchPath: process.env.PATH,
    onPushed: () => {
      pushed = true;
      setTimeout(() => code.keep(), KEEP_AFTER_MS).unref();
    },
    onEnding: () => {
      if (pushed) code.keep();
    },
  });
  process.exit(exitCode);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
