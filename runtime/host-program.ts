/**
 * What the host's process does. It says one line on standard output when it can be reached (or that another is the
 * host already), then only writes to its log.
 */
import { closeInheritedFiles } from '../services/kit/inherited-files.ts';
import { Host } from './host.ts';
import { errorToJson } from './kernel/errors.ts';
import type { AbsolutePath } from './kernel/names.ts';
import { spacePaths } from './state/home.ts';

/** What the first line says. */
export type HostAnnouncement =
  | { readonly ready: { readonly socket: string; readonly problem?: ReturnType<typeof errorToJson> } }
  | { readonly taken: { readonly socket: string } }
  | { readonly failed: ReturnType<typeof errorToJson> };

export interface HostArguments {
  readonly home: AbsolutePath;
  readonly space: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly strictPorts: boolean;
  readonly forPush: boolean;
  readonly searchPath: string | undefined;
  /** Called after the first push. */
  readonly onPushed: () => void;
  /** Called before it lets go of its socket and lock: until then its home is in use. */
  readonly onEnding: () => void;
}

const announce = (line: HostAnnouncement) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** @returns the exit code, when nothing of it runs any more */
export async function runHost(given: HostArguments): Promise<number> {
  // Whoever started us may have ended.
  process.stdout.on('error', () => {});
  try {
    await serve(given);
    return 0;
  } catch (error) {
    announce({ failed: errorToJson(error) });
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

async function serve({ home, space, searchPath, onEnding, ...options }: HostArguments): Promise<void> {
  // We outlive the shell that started us: its locks must not live on in us, nor in our guardian and apps.
  closeInheritedFiles();
  const start = await Host.start({
    ...options,
    paths: spacePaths(home, space),
    ...(searchPath === undefined ? {} : { searchPath }),
    starterGone: endOfInput(),
  });
  if ('taken' in start) {
    announce({ taken: { socket: start.taken.socket } });
    return;
  }
  const { host } = start;
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  const { socket, problem } = host;
  announce({ ready: { socket, ...(problem ? { problem: errorToJson(problem) } : {}) } });
  await Promise.race([host.done, asked]);
  onEnding();
  await host.close();
}

/** Standard input is open as long as our starter lives. */
function endOfInput(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.on('error', () => resolve());
    process.stdin.on('end', resolve).on('close', resolve).resume();
  });
}
