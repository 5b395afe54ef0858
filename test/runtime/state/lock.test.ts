import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PaasError } from '../../../runtime/kernel/errors.ts';
import { absolutePath } from '../../../runtime/kernel/names.ts';
import { spacePaths, stateHome } from '../../../runtime/state/home.ts';
import { claimOf, lockHolder, takeLock, type LockHolder } from '../../../runtime/state/lock.ts';
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

/** The lock as a dead run left it. */
function abandoned(folder: string, runId: string): string {
  const lock = join(folder, 'host.lock');
  mkdirSync(lock);
  writeFileSync(claimOf(lock, runId), JSON.stringify(dead(runId)));
  return lock;
}

describe('lock', () => {
  test('one holder; released, it is free', () => {
    const lock = join(tempDir(), 'host.lock');
    const first = takeLock(lock, alive('one'));
    expect(first.taken).toBe(true);
    expect(takeLock(lock, alive('two'))).toMatchObject({ taken: false, holder: { runId: 'one' } });
    if (first.taken) first.release();
    expect(lockHolder(lock)).toBeUndefined();
    expect(takeLock(lock, alive('two')).taken).toBe(true);
  });

  test('a reused pid is not its former owner: a dead holder’s lock is taken over', () => {
    const lock = abandoned(tempDir(), 'old');
    expect(lockHolder(lock)).toBeUndefined();
    expect(takeLock(lock, alive('new')).taken).toBe(true);
    expect(lockHolder(lock)?.runId).toBe('new');
  });

  test('what the guardian of a dead run removes is never its successor’s lock', () => {
    const lock = abandoned(tempDir(), 'old');
    expect(takeLock(lock, alive('new')).taken).toBe(true);
    rmSync(claimOf(lock, 'old'), { recursive: true, force: true });
    expect(lockHolder(lock)?.runId).toBe('new');
  });

  test('an old holder does not remove its successor’s lock', () => {
    const lock = join(tempDir(), 'host.lock');
    const old = takeLock(lock, dead('old'));
    expect(takeLock(lock, alive('new')).taken).toBe(true);
    if (old.taken) old.release();
    expect(lockHolder(lock)?.runId).toBe('new');
  });

  test.each(['a file', 'half a claim', 'a folder in it'])(
    '%s counts as stale and is cleared away',
    (what) => {
      const folder = tempDir();
      const lock = join(folder, 'host.lock');
      if (what === 'a file') writeFileSync(lock, '{}');
      else mkdirSync(lock);
      if (what === 'half a claim') writeFileSync(join(lock, 'old'), '{"process":{"pi');
      if (what === 'a folder in it') mkdirSync(join(lock, 'old/deep'), { recursive: true });
      expect(takeLock(lock, alive('new')).taken).toBe(true);
      expect(readdirSync(folder, { recursive: true })).toEqual(['host.lock', 'host.lock/new']);
    },
  );

  test('what somebody killed in the act left beside it is swept', () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'host.lock.claim-1'));
    writeFileSync(join(folder, 'host.lock.claim-1/old'), '{}');
    takeLock(join(folder, 'host.lock'), alive('new'));
    expect(readdirSync(folder)).toEqual(['host.lock']);
  });

  test('a folder that cannot be written is said so', () => {
    expect(() => takeLock(join(tempDir(), 'missing/host.lock'), alive('new'))).toThrow(
      expect.objectContaining({ code: 'STATE_NOT_WRITABLE' }),
    );
  });

  test('of many who find a dead holder’s lock at once, exactly one has it', async () => {
    const lock = abandoned(tempDir(), 'old');
    const modules = ['runtime/state/lock', 'services/kit/process-identity'].map(
      (name) => new URL(`../../../${name}.ts`, import.meta.url).href,
    );
    const script = `const [{ takeLock }, { processIdentity }] = await Promise.all(${JSON.stringify(modules)}.map((m) => import(m)));
      process.stdin.once('data', () => {
        const runId = String(process.pid);
        console.log(takeLock(process.argv[1], { process: processIdentity(process.pid), runId, socket: '', version: '' }).taken);
      });
      process.stdin.on('end', () => process.exit());
      console.log('ready');`;
    const takers = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, lock]);
      onTestFinished(() => void child.kill('SIGKILL'));
      return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
    });
    const nextLines = () =>
      Promise.all(takers.map(async ({ lines }) => (await lines.next()).value as string));
    await nextLines();
    for (const { child } of takers) child.stdin.write('go\n');
    // All of them live on meanwhile, so that whoever is late meets a living holder.
    expect((await nextLines()).toSorted()).toEqual(['false', 'false', 'false', 'true']);
    expect(readdirSync(lock)).toHaveLength(1);
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
