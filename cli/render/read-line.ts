import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

export interface ReadLineOptions {
  /** What is typed is not shown. */
  readonly hidden?: boolean;
  /** Told of Ctrl-C before the program is interrupted by it. */
  readonly onInterrupt?: () => void;
}

/**
 * A line from the terminal; undefined at the end of input (Ctrl-D). Ctrl-C interrupts the program, as it does where
 * nothing is read.
 */
export async function readLine(
  stdout: NodeJS.WriteStream,
  prompt: string,
  { hidden = false, onInterrupt }: ReadLineOptions = {},
): Promise<string | undefined> {
  // What is typed for a hidden answer is echoed to nowhere.
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stdout;
  const reader = createInterface({ input: process.stdin, output, terminal: true });
  if (hidden) stdout.write(prompt);
  let ended = false;
  // The reader takes Ctrl-C for itself; the terminal is given back before it counts.
  reader.once('SIGINT', () => {
    reader.close();
    stdout.write('\n');
    onInterrupt?.();
    process.kill(process.pid, 'SIGINT');
  });
  try {
    const closed = new Promise<undefined>((resolve) =>
      reader.once('close', () => {
        ended = true;
        resolve(undefined);
      }),
    );
    return await Promise.race([reader.question(prompt), closed]);
  } finally {
    const left = ended;
    reader.close();
    if (hidden || left) stdout.write('\n');
  }
}
