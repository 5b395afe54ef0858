import { expect, test } from 'vitest';
import { parseMoment } from '../../../runtime/kernel/moment.ts';

const now = Date.parse('2026-08-20T12:00:00Z');

test.each([
  ['90s', '2026-08-20T11:58:30.000Z'],
  ['500ms', '2026-08-20T11:59:59.500Z'],
  ['1h30m', '2026-08-20T10:30:00.000Z'],
  ['1.5h', '2026-08-20T10:30:00.000Z'],
  ['2d', '2026-08-18T12:00:00.000Z'],
  ['2026-08-20T14:03:07+02:00', '2026-08-20T12:03:07.000Z'],
  ['2026-08-19', '2026-08-19T00:00:00.000Z'],
])('%s', (text, moment) => {
  expect(new Date(parseMoment(text, now)!).toISOString()).toBe(moment);
});

test.each(['', '10', 'm', '10 m', '-5m', 'yesterday', '2026-13-40'])('"%s" is none', (text) => {
  expect(parseMoment(text, now)).toBeUndefined();
});
