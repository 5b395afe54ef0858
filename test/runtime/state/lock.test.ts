import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PaasError } from '../../../runtime/kernel/errors.ts';
import { absolutePath } from '../../../runtime/kernel/names.ts';
import { spacePaths, stateHome } from '../../../runtime/state/home.ts';
import { lockHolder, takeLock, type LockHolder } from '../../../runtime/state/lock.ts';
import { emptyRecord, loadRecord, saveRecord } from '../../../runtime/state/record.ts';
import { socketAddress } from '../../../runtime/state/socket-path.ts';
import { processIdentity } from '../../../services/kit/process-identity.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const alive = (runId: string): LockHolder => ({
  process: processIdentity(process.pid)!,
  runId,
  socket: '/s',
  version: '0',
});
const dead = (runId: string): LockHolder => ({
  ...alive(runId),
  process: { pid: process.pid, startTime: 'another boot' },
});

describe('lock', () => {
  test('one holder; released, it is free', () => {
    const path = join(tempDir(), 'host.lock');
    const first = takeLock(path, alive('one'));
    expect(first.taken).toBe(true);
    expect(takeLock(path, alive('two'))).toMatchObject({ taken: false, holder: { runId: 'one' } });
    if (first.taken) first.release();
    expect(existsSync(path)).toBe(false);
    expect(takeLock(path, alive('two')).taken).toBe(true);
  });

  test('a reused pid is not its former owner: a dead holder’s lock is taken over', () => {
    const path = join(tempDir(), 'host.lock');
    writeFileSync(path, JSON.stringify(dead('old')));
    expect(lockHolder(path)).toBeUndefined();
    expect(takeLock(path, alive('new'))).toMatchObject({ taken: true, stale: { runId: 'old' } });
    expect(lockHolder(path)?.runId).toBe('new');
  });

  test('a half-written or foreign file counts as stale, and nothing else is left in the folder', () => {
    const folder = tempDir();
    const path = join(folder, 'host.lock');
    writeFileSync(path, '{"process":{"pi');
    expect(takeLock(path, alive('new')).taken).toBe(true);
    expect(readdirSync(folder)).toEqual(['host.lock']);
  });

  test('an old holder does not remove its successor’s lock', () => {
    const path = join(tempDir(), 'host.lock');
    const old = takeLock(path, alive('old'));
    writeFileSync(path, JSON.stringify(alive('new')));
    if (old.taken) old.release();
    expect(lockHolder(path)?.runId).toBe('new');
  });
});

describe('home', () => {
  test.each([
    [{ PAAS_LOCAL_HOME: '/h', XDG_STATE_HOME: '/x', HOME: '/u' }, '/h'],
    [{ PAAS_LOCAL_HOME: 'rel', HOME: '/u' }, '/cwd/rel'],
    [{ XDG_STATE_HOME: '/x', HOME: '/u' }, '/x/paas-local'],
    [{ HOME: '/u' }, '/u/.local/state/paas-local'],
  ])('%j', (env, expected) => {
    expect(stateHome(env, '/cwd')).toBe(expected);
  });

  test.each(['', '../x', 'a/b', '.hidden', 'x'.repeat(41), 'a b'])('space %j is refused', (name) => {
    expect(() => spacePaths(absolutePath('/h'), name)).toThrow(
      expect.objectContaining({ code: 'SPACE_NAME_INVALID' }),
    );
  });
});

describe('record', () => {
  test('what was saved is loaded', () => {
    const path = join(tempDir(), 'record.json');
    const record = emptyRecord();
    saveRecord(path, record);
    expect(loadRecord(path)).toEqual({ record });
  });

  test.each(['{"version":1,"apps"', '[]', '{"version":99,"apps":{},"services":{}}', '{"apps":{}}'])(
    'one that cannot be understood is set aside, not overwritten: %s',
    (text) => {
      const folder = tempDir();
      const path = join(folder, 'record.json');
      writeFileSync(path, text);
      const { record, problem } = loadRecord(path);
      expect(record.apps).toEqual({});
      expect(problem).toBeInstanceOf(PaasError);
      const aside = readdirSync(folder).find((name) => name.includes('unreadable'))!;
      expect(readFileSync(join(folder, aside), 'utf8')).toBe(text);
      expect(problem?.hint).toContain(aside);
    },
  );
});

test('a socket whose path is too long for the system is bound and reached all the same', async () => {
  const folder = join(tempDir(), 'x'.repeat(90));
  const { mkdirSync } = await import('node:fs');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'control.sock');
  using address = socketAddress(path);
  const server = createServer((socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(address.path, resolve));
  expect(existsSync(path)).toBe(true);
  using other = socketAddress(path);
  const { createConnection } = await import('node:net');
  const text = await new Promise<string>((resolve) =>
    createConnection(other.path).on('data', (data) => resolve(String(data))),
  );
  expect(text).toBe('hello');
  await new Promise((resolve) => server.close(resolve));
});
