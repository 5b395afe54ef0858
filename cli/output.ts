/**
 * What becomes of a command whose output takes nothing more. Its work is not undone: a push or a restart goes on, and
 * tells by its exit code what came of it. What only shows something (`logs -f`) has nothing left to do, and an app that
 * lives as long as its push is let go of, as when its terminal closes.
 */

/** By which signal a program that writes on ends. */
export type OutputEnding = 'SIGPIPE' | 'SIGHUP';

/** Both are aborted with an `OutputEnding` as the reason. */
export interface Output {
  /** Whoever read standard output has left (`| head`), or its terminal is gone. */
  readonly unread: AbortSignal;
  /** For that reason or another, as a full disk, standard output takes nothing more. */
  readonly lost: AbortSignal;
}

/** As a shell shows SIGPIPE. */
export const BROKEN_PIPE = 141;
const FAILED = 1;

/** Of an output that could not be written it tells once, and by the exit code; standard error only says how it goes. */
export function watchOutput(): Output {
  const { stdout, stderr } = process;
  const unread = new AbortController();
  const lost = new AbortController();
  let failed = false;
  stderr.on('error', () => {});
  stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    const hungUp = code === 'EIO' && stdout.isTTY;
    const ending: OutputEnding = hungUp ? 'SIGHUP' : 'SIGPIPE';
    if (hungUp || code === 'EPIPE' || code === 'ECONNRESET') unread.abort(ending);
    else if (!failed) {
      failed = true;
      const reason = code === 'ENOSPC' ? 'there is no space left on its disk' : message;
      stderr.write(`error: Cannot write the output: ${reason}\n`);
    }
    lost.abort(ending);
  });
  process.on('exit', (code) => {
    if (failed && (code === 0 || code === BROKEN_PIPE)) process.exitCode = FAILED;
  });
  return { unread: unread.signal, lost: lost.signal };
}
