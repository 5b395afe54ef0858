import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deferred } from '../../../services/kit/deferred.ts';
import { processIdentity } from '../../../services/kit/process-identity.ts';
import { exclusively, type Turn } from '../../../runtime/staging/exclusively.ts';
import { publish, type Publication } from '../../../runtime/staging/publish.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const turn = (more: Partial<Turn> = {}): Turn => ({
  app: 'the-app',
  signal: new AbortController().signal,
  waitMs: 20_000,
  doing: 'testing',
  log: () => {},
  ...more,
});

test('one at a time, in one process too', async () => {
  const lock = join(tempDir(), 'a', 'lock');
  let inside = 0;
  let most = 0;
  const act = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => exclusively(lock, turn(), act)));
  expect([most, existsSync(lock)]).toEqual([1, false]);
});

test('a failure gives the lock back', async () => {
  const lock = join(tempDir(), 'lock');
  await expect(exclusively(lock, turn(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(lock)).toBe(false);
});

test('waiting is said once, bounded, and cut short', async () => {
  const lock = join(tempDir(), 'lock');
  const done = deferred();
  const started = deferred();
  const holder = exclusively(lock, turn(), async () => {
    started.resolve();
    await done.promise;
  });
  await started.promise;
  const said: string[] = [];
  const log = (text: string): void => void said.push(text);
  await expect(exclusively(lock, turn({ waitMs: 150, log }), () => Promise.resolve())).rejects.toMatchObject({
    code: 'STAGING_FAILED',
    message: 'Cannot stage app "the-app": another push has been testing for too long',
  });
  expect(said).toEqual(['-----> Waiting for another push that is testing']);
  const abort = new AbortController();
  const cut = exclusively(
    lock,
    turn({ signal: abort.signal, log: () => abort.abort(new Error('enough')) }),
    () => Promise.resolve(),
  );
  await expect(cut).rejects.toBeDefined();
  done.resolve();
  await holder;
});

test('the lock of a process that is gone does not hold; that of one that lives does, however long it takes', async () => {
  const folder = tempDir();
  const lock = join(folder, 'lock');
  const { pid, startTime } = processIdentity(process.pid)!;
  mkdirSync(lock);
  writeFileSync(join(lock, 'x'), JSON.stringify({ runId: 'x', process: { pid, startTime: 'another' } }));
  await expect(exclusively(lock, turn(), () => Promise.resolve('held'))).resolves.toBe('held');
  expect(readdirSync(folder)).toEqual([]);
  mkdirSync(lock);
  writeFileSync(join(lock, 'x'), JSON.stringify({ runId: 'x', process: { pid, startTime } }));
  utimesSync(join(lock, 'x'), 1, 1);
  await expect(exclusively(lock, turn({ waitMs: 0 }), () => Promise.resolve())).rejects.toMatchObject({
    code: 'STAGING_FAILED',
    hint: `Wait for it, or stop it (pid ${pid}), and push again`,
  });
});

test('a folder is published whole or not at all', async () => {
  const parent = tempDir();
  const wanted = (build: Publication['build']): Publication => ({ ...turn(), parent, key: 'k', build });
  await expect(publish(wanted(() => Promise.reject(new Error('half'))))).rejects.toThrow('half');
  expect(readdirSync(parent)).toEqual([]);
  const made = await publish(wanted(() => Promise.resolve({ made: 1 })));
  const found = await publish(wanted(() => Promise.reject(new Error('not needed'))));
  expect(found).toEqual({ ...made, reused: true });
  writeFileSync(join(parent, 'k.json'), '{"folder": "../elsewhere", "note": null}');
  expect((await publish(wanted(() => Promise.resolve(2)))).note).toBe(2);
});
