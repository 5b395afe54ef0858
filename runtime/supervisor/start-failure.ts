/** Facts of a failed start as something that can be thrown. */
import type { ExitFacts } from '../events.ts';
import type { StartFailure } from './types.ts';

/** The facts are the error's own fields; its message is for whoever prints it unread. */
export function startFailure(facts: StartFailure, cause?: unknown): Error & StartFailure {
  return Object.assign(new Error(describe(facts), cause === undefined ? {} : { cause }), facts);
}

export function exitWords({ code, signal }: ExitFacts): string {
  return signal === null ? `exited with status ${code}` : `was ended by ${signal}`;
}

function describe(facts: StartFailure): string {
  switch (facts.kind) {
    case 'exited':
      return `It ${exitWords(facts.exit)} before it was ready`;
    case 'timed-out':
      return `It was not ready in time: waited for ${facts.expected}`;
    case 'spawn-failed':
      return `It could not be started: ${facts.message}`;
    case 'stopped':
      return 'It was stopped before it was ready';
  }
}
