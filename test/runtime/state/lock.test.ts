import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PaasError } from '../../../runtime/kernel/errors.ts';
import { absolutePath } from '../../../runtime/kernel/names.ts';
import { spacePaths, stateHome } from '../../../runtime/state/home.ts';
import { takeLock } from '../../../runtime/state/lock.ts';
import { emptyRecord, loadRecord, saveRecord } from '../../../runtime/state/record.ts';
import { socketAddress } from '../../../services/kit/socket-path.ts';
import { processIdentity } from '../../../services/kit/process-identity.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('a space that cannot be written is said so', () => {
  const self = { process: processIdentity(process.pid)!, runId: 'new', socket: '/s', version: '0' };
  expect(() => takeLock(join(tempDir(), 'missing/host.lock'), self)).toThrow(
    expect.objectContaining({ code: 'STATE_NOT_WRITABLE' }),
  );
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

  test.each(['{"version":1,"apps"', '[]', '{"apps":{}}'])(
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
