import { afterEach, expect, test, vi } from 'vitest';
import { Crons } from '../../../runtime/platform/crons.ts';
import { startGuardian } from '../../../services/kit/guardian.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a minute that a slowed clock has not reached is not met twice, one that was jumped over is left out', async () => {
  const guardian = await startGuardian({ runId: 'crons-of-a-test' });
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'Date'],
    now: Date.UTC(2026, 7, 20, 11, 59, 30),
  });
  const met: string[] = [];
  const apps = () => {
    met.push(new Date().toISOString().slice(11, 19));
    return [];
  };
  const crons = new Crons({ apps, shell: '/bin/sh', guardian });
  vi.advanceTimersByTime(30_000);
  expect(met).toEqual(['12:00:00']);
  vi.setSystemTime(Date.now() - 1);
  vi.advanceTimersByTime(60_000);
  expect(met).toEqual(['12:00:00']);
  vi.advanceTimersByTime(1);
  expect(met).toEqual(['12:00:00', '12:01:00']);
  vi.setSystemTime(Date.now() + 10 * 60_000);
  vi.advanceTimersByTime(60_000);
  expect(met).toEqual(['12:00:00', '12:01:00', '12:12:00']);
  vi.useRealTimers();
  await crons[Symbol.asyncDispose]();
  await guardian.close();
});
