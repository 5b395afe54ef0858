/** Signals as a user means them: the first asks, the second insists. */

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Ending = keyof typeof EXIT_CODES;

export interface SignalHandling {
  /** Begins an orderly end; the wait is over when it resolves. */
  readonly onFirst: (signal: Ending) => Promise<void>;
  readonly onSecond: () => Promise<void>;
}

/** Waits for `work` or a signal, whichever ends first. Handlers are in place only meanwhile. */
export async function untilSignal<T>(
  work: Promise<T>,
  handling: SignalHandling,
): Promise<{ readonly value: T } | { readonly exitCode: number }> {
  let seen: Ending | undefined;
  const ended = new Promise<{ exitCode: number }>((resolve, reject) => {
    for (const signal of Object.keys(EXIT_CODES) as Ending[]) listen(signal, resolve, reject);
  });
  const listeners: Array<[Ending, () => void]> = [];
  // The work fails when it is stopped; that is then not its outcome.
  const outcome = work.then(
    (value) => ({ value }),
    (error: unknown) => (seen ? ended : Promise.reject(error)),
  );
  try {
    const first = await Promise.race([outcome, ended]);
    return seen ? await ended : first;
  } finally {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  }

  function listen(
    signal: Ending,
    resolve: (end: { exitCode: number }) => void,
    reject: (error: unknown) => void,
  ): void {
    const listener = () => {
      const exitCode = EXIT_CODES[seen ?? signal];
      const orderly = seen ? handling.onSecond() : handling.onFirst(signal);
      seen ??= signal;
      orderly.then(() => resolve({ exitCode }), reject);
    };
    queueMicrotask(() => listeners.push([signal, listener]));
    process.on(signal, listener);
  }
}
