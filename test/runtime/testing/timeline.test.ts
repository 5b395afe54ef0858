import { afterEach, expect, test, vi } from 'vitest';
import type { PlatformEvent } from '../../../runtime/events.ts';
import { appName } from '../../../runtime/kernel/names.ts';
import { Timeline } from '../../../runtime/testing/timeline.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('what happened is told in its order, also where the clock was set back meanwhile', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const timeline = new Timeline(true);
  const stopped = (because: string): PlatformEvent => ({ kind: 'app-stopped', app: appName('app'), because });
  timeline.event(stopped('first'));
  vi.setSystemTime(Date.now() - 60 * 60_000);
  timeline.event(stopped('second'));
  expect(timeline.render()).toMatch(/0\.\d{3} s .*first[^]*0\.\d{3} s .*second/);
});
