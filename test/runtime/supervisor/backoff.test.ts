import { expect, test } from 'vitest';
import { backoff, CLOUD_FOUNDRY_POLICY } from '../../../runtime/supervisor/backoff.ts';

test("Cloud Foundry's waits, in seconds", () => {
  const seconds = (crashes: number) => {
    const ms = backoff(CLOUD_FOUNDRY_POLICY, crashes);
    return ms === undefined ? 'never' : ms / 1000;
  };
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 199, 200].map(seconds)).toEqual([
    0,
    0,
    30,
    60,
    120,
    240,
    480,
    960,
    960,
    960,
    'never',
  ]);
});
