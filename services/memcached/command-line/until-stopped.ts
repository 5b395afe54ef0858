import { deferred } from '../../kit/deferred.ts';

type How = 'normal' | 'graceful';

const LONGEST_MS = 2 ** 31 - 1;

/** Waits for memcached's signals: INT and TERM stop, USR1 stops gracefully, HUP reads the password file again. */
export function untilStopped(handlers: { readonly reload: () => void }) {
  const told = deferred<How>();
  const listeners: ReadonlyArray<readonly [NodeJS.Signals, () => void]> = [
    ['SIGINT', () => now('normal')],
    ['SIGTERM', () => now('normal')],
    ['SIGUSR1', () => now('graceful')],
    ['SIGHUP', handlers.reload],
  ];
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return { told: wait, now };

  async function wait(): Promise<How> {
    // Without a port nothing else would keep the process.
    const waiting = setInterval(() => {}, LONGEST_MS);
    const how = await told.promise;
    clearInterval(waiting);
    return how;
  }

  function now(how: How): void {
    for (const [signal, listener] of listeners) process.off(signal, listener);
    told.resolve(how);
  }
}
