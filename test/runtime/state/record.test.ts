import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  emptyRecord,
  loadRecord,
  readRecord,
  recordsAside,
  saveRecord,
} from '../../../runtime/state/record.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const version1 = readFileSync(
  fileURLToPath(new URL('../../../fixtures/state/record-1.json', import.meta.url)),
  'utf8',
);

const recordFile = (text: string): string => {
  const path = join(tempDir(), 'record.json');
  writeFileSync(path, text);
  return path;
};

describe('an older record', () => {
  test('becomes one of today, with all it remembered', () => {
    const { record, problem } = loadRecord(recordFile(version1));
    expect(problem).toBeUndefined();
    expect(record.version).toBe(2);
    const shop = record.apps.shop!;
    expect(shop).toMatchObject({ desired: 'started', detached: true });
    expect(shop.byHand).toEqual({
      setEnv: { EXTRA: 'set by hand' },
      unsetEnv: [],
      scale: {},
      routes: { mapped: [], unmapped: [] },
      services: { bound: [], unbound: [] },
    });
    expect(shop.plan.processes).toMatchObject([
      { type: 'web', readiness: { type: 'process', startTimeoutMs: 60_000 }, sidecars: [] },
    ]);
    const before = JSON.parse(version1) as { services: Record<string, { identity: object; port: number }> };
    expect(record.services['shop-cache']).toMatchObject(before.services['shop-cache']!);
  });

  test('stays as it is when it is saved and read again', () => {
    const path = recordFile(version1);
    const { record } = loadRecord(path);
    saveRecord(path, record);
    expect(loadRecord(path).record).toEqual(record);
  });
});

describe('a record that cannot be understood is set aside, and said so', () => {
  const whole = JSON.stringify(emptyRecord());
  test.each([
    ['half-written', whole.slice(0, -5), 'it is not whole JSON'],
    ['empty', '', 'it is not whole JSON'],
    ['a list', '[]', 'it is not an object'],
    ['without a version', '{}', 'it has no version'],
    ['of a version that never was', '{"version": 0}', 'it has version 0, which never was'],
    ['without services', '{"version": 2, "apps": {}}', 'it has no "services"'],
    ['with half an app', whole.replace('"apps":{}', '"apps":{"shop":{}}'), 'its app "shop" is not whole'],
  ])('%s', (_, text, reason) => {
    const path = recordFile(text);
    const { record, problem } = loadRecord(path);
    expect({ apps: { ...record.apps }, services: { ...record.services } }).toEqual({
      apps: {},
      services: {},
    });
    expect(problem?.message).toContain(reason);
    const [aside] = readdirSync(join(path, '..')).filter((name) => name.includes('unreadable'));
    expect(problem?.hint).toContain(aside);
    expect(readFileSync(join(path, '..', aside!), 'utf8')).toBe(text);
  });
});

test('a record of a newer program is left to that', () => {
  const path = recordFile('{"version": 99}');
  for (const look of [loadRecord, readRecord])
    expect(() => look(path)).toThrow(
      expect.objectContaining({
        code: 'STATE_NEWER',
        message: expect.stringContaining('it has version 99, written by a newer paas-local'),
      }),
    );
  expect(readFileSync(path, 'utf8')).toBe('{"version": 99}');
});

test('whoever only looks sets nothing aside', () => {
  const path = recordFile('{');
  const { problem } = readRecord(path);
  expect(problem).toMatchObject({ code: 'STATE_UNREADABLE' });
  expect(readFileSync(path, 'utf8')).toBe('{');
  expect(recordsAside(path)).toEqual([]);
  loadRecord(path);
  expect(recordsAside(path)).toHaveLength(1);
});

test('a record that cannot be written leaves the former one', () => {
  const path = recordFile(JSON.stringify(emptyRecord()));
  const before = readFileSync(path, 'utf8');
  const folder = join(path, '..');
  // A folder in the way of the rename stands for any disk that says no: root ignores permissions.
  expect(() => saveRecord(join(folder, 'missing', 'record.json'), emptyRecord())).toThrow(
    expect.objectContaining({ code: 'STATE_NOT_WRITABLE' }),
  );
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(readdirSync(folder)).toEqual(['record.json']);
});
