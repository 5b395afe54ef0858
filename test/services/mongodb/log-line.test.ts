import { expect, test } from 'vitest';
import { readableLine } from '../../../services/mongodb/log-line.ts';

const line = (fields: object) =>
  JSON.stringify({ t: { $date: '2026-11-26T15:10:20.013+00:00' }, id: 1, ctx: 'main', ...fields });

test('what went wrong is told in words', () => {
  const error = { error: 28, message: 'No space left' };
  expect(readableLine(line({ s: 'E', c: 'STORAGE', msg: 'WiredTiger error', attr: error }))).toBe(
    'E STORAGE: WiredTiger error {"error":28,"message":"No space left"}',
  );
  expect(readableLine(line({ s: 'F', c: '-', msg: 'aborting' }))).toBe('F -: aborting');
});

test('chatter and the frames of a stack are left out', () => {
  expect(readableLine(line({ s: 'I', c: 'CONTROL', msg: 'Frame', attr: { frame: {} } }))).toBeUndefined();
  expect(readableLine(line({ s: 'D2', c: 'NETWORK', msg: 'received' }))).toBeUndefined();
});

test.each(['2020-01-01T00:00:00.000+0000 E STORAGE [main] as before 4.4', '{"cut off', '{"s": 5}', '{}'])(
  'anything else stays as it is: %s',
  (said) => {
    expect(readableLine(said)).toBe(said);
  },
);
