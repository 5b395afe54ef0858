/**
 * The host's own process. Says one line on standard output when it can be reached (or that another is the host
 * already), then only writes to its log.
 */
import { parseArgs } from 'node:util';
import { closeInheritedFiles } from '../services/kit/inherited-files.ts';
import { Host } from './host.ts';
import { errorToJson } from './kernel/errors.ts';
import { absolutePath } from './kernel/names.ts';
import { spacePaths } from './state/home.ts';

/** What the first line says. */
export type HostAnnouncement =
  | { readonly ready: { readonly socket: string } }
  | { readonly taken: { readonly socket: string } }
  | { readonly failed: ReturnType<typeof errorToJson> };

const announce = (line: HostAnnouncement) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function main(): Promise<void> {
  // We outlive the shell that started us: its locks must not live on in us, nor in our guardian and apps.
  closeInheritedFiles();
  const { values } = parseArgs({
    options: {
      home: { type: 'string' },
      space: { type: 'string' },
      port: { type: 'string' },
      'tls-port': { type: 'string' },
      'strict-ports': { type: 'boolean', default: false },
    },
  });
  const paths = spacePaths(absolutePath(values.home!), values.space!);
  const start = await Host.start({
    paths,
    port: Number(values.port),
    tlsPort: Number(values['tls-port']),
    strictPorts: values['strict-ports'],
    ...(process.env.PATH === undefined ? {} : { searchPath: process.env.PATH }),
  });
  if ('taken' in start) {
    announce({ taken: { socket: start.taken.socket } });
    return;
  }
  const { host } = start;
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  process.stdout.on('error', () => {});
  announce({ ready: { socket: host.socket } });
  await Promise.race([host.done, asked]);
  await host.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    announce({ failed: errorToJson(error) });
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
