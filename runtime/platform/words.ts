/** Facts of the supervisor in words, in one place. */
import type { EngineMoment } from '../../services/kit/contract.ts';
import type { ExitFacts } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { comesWith, missingProgram } from './missing-program.ts';
import type { ProcessPlan } from '../plan/types.ts';
import type { StartFailure } from '../supervisor/types.ts';

export function describeExit({ code, signal }: ExitFacts): string {
  if (signal !== null) return `was ended by ${signal}`;
  return `exited with status ${code}`;
}

/** Of an engine that ended by itself. */
export function describeEngineMoment(event: EngineMoment): string {
  return event.moment === 'ended'
    ? `its engine ended (${event.exit}) and is started again on the same port; apps go on`
    : `its engine serves again, after ${describeMs(event.ms)}`;
}

export function describeMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
}

export function isStartFailure(value: unknown): value is StartFailure {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['exited', 'timed-out', 'spawn-failed', 'stopped'].includes((value as { kind?: string }).kind ?? '')
  );
}

/** A start that failed, with what the user needs to mend it. `logLines` are the app's last. */
export function startError(
  app: string,
  process: ProcessPlan,
  port: number,
  failure: StartFailure,
  logLines: readonly string[],
): PaasError {
  switch (failure.kind) {
    case 'exited': {
      const missing = missingProgram(failure.exit.code, logLines);
      return new PaasError(
        'APP_EXITED',
        {
          app,
          process: process.type,
          command: process.command,
          exit: describeExit(failure.exit),
          why: failure.why ?? null,
          code: failure.exit.code,
          signal: failure.exit.signal,
          after: describeMs(failure.ms),
          ...(missing === undefined ? {} : { missing, nextStep: comesWith(missing) ?? null }),
        },
        { logLines },
      );
    }
    case 'timed-out':
      return new PaasError(
        'APP_NOT_LISTENING',
        {
          app,
          process: process.type,
          port,
          waited: describeMs(failure.waitedMs),
          expected: failure.expected,
          lastProbe: failure.lastProbe,
          listening: failure.listening.map(({ host, port: found }) => `${host}:${found}`),
        },
        { logLines },
      );
    case 'spawn-failed':
      return new PaasError(
        'APP_SPAWN_FAILED',
        { app, process: process.type, message: failure.message },
        { logLines },
      );
    case 'stopped':
      return new PaasError('CANCELLED', { reason: `${app} was stopped while it started` });
  }
}
