/** Signals as a user means them: the first asks, the second insists. */
import { deferred } from '../services/kit/deferred.ts';
import { BROKEN_PIPE, type OutputEnding } from './output.ts';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGPIPE: BROKEN_PIPE } as const;
type Ending = keyof typeof EXIT_CODES;
/** Node never sees SIGPIPE: writing fails instead. */
const SENT = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface SignalHandling {
  /** Begins an orderly end; the wait is over when it resolves. */
  readonly onFirst: (signal: Ending) => Promise<void>;
  readonly onSecond: () => Promise<void>;
  /** Of `Output`: when it is aborted, that is a first signal too. Default: the work goes on. */
  readonly output?: AbortSignal | undefined;
}

/** Waits for `work` or a signal, whichever ends first. Handlers are in place only meanwhile. */
export async function untilSignal<T>(
  work: Promise<T>,
  { onFirst, onSecond, output }: SignalHandling,
): Promise<{ readonly value: T } | { readonly exitCode: number }> {
  let seen: Ending | undefined;
  const ended = deferred<{ exitCode: number }>();
  const onSignal = (signal: Ending): void => {
    const exitCode = EXIT_CODES[seen ?? signal];
    const orderly = seen ? onSecond() : onFirst(signal);
    seen ??= signal;
    orderly.then(
      () => ended.resolve({ exitCode }),
      (error: unknown) => ended.reject(error),
    );
  };
  const onLost = (): void => {
    if (!seen) onSignal(output?.reason as OutputEnding);
  };
  for (const signal of SENT) process.on(signal, onSignal);
  output?.addEventListener('abort', onLost);
  if (output?.aborted) onLost();
  // The work fails when it is stopped; that is then not its outcome.
  const outcome = work.then(
    (value) => ({ value }),
    (error: unknown) => (seen ? ended.promise : Promise.reject(error)),
  );
  try {
    const first = await Promise.race([outcome, ended.promise]);
    return seen ? await ended.promise : first;
  } finally {
    for (const signal of SENT) process.off(signal, onSignal);
    output?.removeEventListener('abort', onLost);
  }
}
