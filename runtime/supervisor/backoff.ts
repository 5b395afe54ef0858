/** How long to wait before a crashed process is started again. */
import type { RestartPolicy } from './types.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/**
 * Cloud Foundry's: two crashes are restarted at once, the third after 30 s, doubling to 16 minutes; five
 * minutes of running count as a success; the 200th crash is the last.
 */
export const CLOUD_FOUNDRY_POLICY: RestartPolicy = {
  immediate: 2,
  firstDelayMs: 30 * SECOND_MS,
  maxDelayMs: 16 * MINUTE_MS,
  settleMs: 5 * MINUTE_MS,
  maxCrashes: 200,
};

/**
 * @param crashes how many there were in a row, this one included
 * @returns milliseconds to wait, 0 for at once, undefined for never
 */
export function backoff(policy: RestartPolicy, crashes: number): number | undefined {
  if (crashes >= policy.maxCrashes) return undefined;
  if (crashes <= policy.immediate) return 0;
  const doublings = crashes - policy.immediate - 1;
  return Math.min(policy.firstDelayMs * 2 ** doublings, policy.maxDelayMs);
}

/** The policy with every delay at most `maxMs`; undefined leaves it as it is. */
export function cappedAt(maxMs: number | undefined, policy: RestartPolicy): RestartPolicy {
  if (maxMs === undefined) return policy;
  return {
    ...policy,
    firstDelayMs: Math.min(policy.firstDelayMs, maxMs),
    maxDelayMs: Math.min(policy.maxDelayMs, maxMs),
  };
}
