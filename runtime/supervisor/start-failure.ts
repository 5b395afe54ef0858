/** Facts of a failed start as something that can be thrown. */
import { constants } from 'node:os';
import type { ExitFacts } from '../events.ts';
import type { StartFailure } from './types.ts';

/** The facts are the error's own fields; its message is for whoever prints it unread. */
export function startFailure(facts: StartFailure, cause?: unknown): Error & StartFailure {
  return Object.assign(new Error(describe(facts), cause === undefined ? {} : { cause }), facts);
}

export function exitWords({ code, signal }: ExitFacts): string {
  return signal === null ? `exited with status ${code}` : `was ended by ${signal}`;
}

/** As a shell tells it: 128 and the signal's number for a process that was ended by one. */
export function exitStatus({ code, signal }: ExitFacts): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
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
