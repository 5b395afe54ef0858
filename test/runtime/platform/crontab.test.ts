import { expect, test } from 'vitest';
import { readCrontab } from '../../../runtime/platform/crontab.ts';

/** A Thursday. */
const at = (time: string): Date => new Date(`2026-08-20T${time}:00`);
const isDue = (line: string, when: Date): boolean => readCrontab([line]).jobs[0]!.due(when);

test.each([
  ['* * * * * x', '14:03', true],
  ['3 14 * * * x', '14:03', true],
  ['3 14 * * * x', '14:04', false],
  ['*/15 * * * * x', '14:45', true],
  ['*/15 * * * * x', '14:46', false],
  ['10-40/10 * * * * x', '14:30', true],
  ['10-40/10 * * * * x', '14:50', false],
  ['0,30 9-17 * * mon-fri x', '09:30', true],
  ['0,30 9-17 * * mon-fri x', '18:30', false],
  ['* * * aug * x', '00:00', true],
  ['* * * jan * x', '00:00', false],
  ['* * 20 * sun x', '00:00', true],
  ['* * 1 * thu x', '00:00', true],
  ['* * 1 * sun x', '00:00', false],
  ['* * * * 7 x', '00:00', false],
  ['@hourly x', '14:00', true],
  ['@daily x', '14:00', false],
])('%s at %s: %s', (line, time, due) => {
  expect(isDue(line, at(time))).toBe(due);
});

test('7 is Sunday too', () => {
  expect(isDue('* * * * 7 x', new Date('2026-08-23T00:00:00'))).toBe(true);
});

test('variables hold for the lines below them', () => {
  const { jobs } = readCrontab(['# comment', 'A=1', '* * * * * one', 'B="two words"\n* * * * * two | more']);
  expect(jobs.map(({ command, env }) => [command, env])).toEqual([
    ['one', { A: '1' }],
    ['two | more', { A: '1', B: 'two words' }],
  ]);
});

test.each(['60 * * * * x', '* * * * x', '5-1 * * * * x', '*/0 * * * * x', '@often x', 'a * * * * x'])(
  '%s is told of and not run',
  (line) => {
    const { jobs, problems } = readCrontab([line]);
    expect(jobs).toEqual([]);
    expect(problems[0]).toContain(`"${line}" is not run: `);
  },
);
