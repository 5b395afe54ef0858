import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { allocatePort } from '../../../../runtime/ports/allocate.ts';

/** Debian's memcached, side by side; undefined with the reason when it is not installed. */
export function referenceVersion(): { version: string } | { reason: string } {
  try {
    return { version: execFileSync('memcached', ['-V'], { encoding: 'utf8' }).trim() };
  } catch {
    return { reason: 'memcached is not installed (apt-get install memcached)' };
  }
}

export interface Reference extends AsyncDisposable {
  readonly port: number;
  readonly process: ChildProcess;
}

/**
 * Starts the reference server on a free port and waits until it answers.
 * @param onStderr gets what it says there
 */
export async function startReference(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  onStderr?: (text: string) => void,
): Promise<Reference> {
  const port = await allocatePort();
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn('memcached', [...user, '-l', '127.0.0.1', '-p', String(port), '-t', '1', ...args], {
    stdio: ['ignore', 'ignore', onStderr ? 'pipe' : 'ignore'],
    env: { ...process.env, ...env },
  });
  child.stderr?.setEncoding('latin1').on('data', (text: string) => onStderr?.(text));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await waitForPort(port);
  return {
    port,
    process: child,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Resolves when something accepts connections there. */
export async function waitForPort(port: number, attempts = 3000): Promise<void> {
  for (let i = 0; i < attempts; i++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Nothing listens on port ${port}`);
}
