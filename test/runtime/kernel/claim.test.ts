import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { claimFile, claimHolder, takeClaim, type Claim } from '../../../runtime/kernel/claim.ts';
import { processIdentity } from '../../../services/kit/process-identity.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const alive = (runId: string): Claim => ({ process: processIdentity(process.pid)!, runId });
const dead = (runId: string): Claim => ({ runId, process: { pid: process.pid, startTime: 'another boot' } });

/** The lock as a dead run left it. */
function abandoned(folder: string, runId: string): string {
  const lock = join(folder, 'the.lock');
  mkdirSync(lock);
  writeFileSync(claimFile(lock, runId), JSON.stringify(dead(runId)));
  return lock;
}

describe('lock', () => {
  test('one holder; released, it is free', () => {
    const lock = join(tempDir(), 'the.lock');
    const first = takeClaim(lock, alive('one'));
    expect(first.taken).toBe(true);
    expect(takeClaim(lock, alive('two'))).toMatchObject({ taken: false, holder: { runId: 'one' } });
    if (first.taken) first.release();
    expect(existsSync(lock)).toBe(false);
    expect(claimHolder(lock)).toBeUndefined();
    expect(takeClaim(lock, alive('two')).taken).toBe(true);
  });

  test('a reused pid is not its former owner: a dead holder’s lock is taken over', () => {
    const lock = abandoned(tempDir(), 'old');
    expect(claimHolder(lock)).toBeUndefined();
    expect(takeClaim(lock, alive('new')).taken).toBe(true);
    expect(claimHolder(lock)?.runId).toBe('new');
  });

  test('what the guardian of a dead run removes is never its successor’s lock', () => {
    const lock = abandoned(tempDir(), 'old');
    expect(takeClaim(lock, alive('new')).taken).toBe(true);
    rmSync(claimFile(lock, 'old'), { recursive: true, force: true });
    expect(claimHolder(lock)?.runId).toBe('new');
  });

  test('an old holder does not remove its successor’s lock', () => {
    const lock = join(tempDir(), 'the.lock');
    const old = takeClaim(lock, dead('old'));
    expect(takeClaim(lock, alive('new')).taken).toBe(true);
    if (old.taken) old.release();
    expect(claimHolder(lock)?.runId).toBe('new');
  });

  test.each(['a file', 'half a claim', 'a folder in it'])(
    '%s counts as stale and is cleared away',
    (what) => {
      const folder = tempDir();
      const lock = join(folder, 'the.lock');
      if (what === 'a file') writeFileSync(lock, '{}');
      else mkdirSync(lock);
      if (what === 'half a claim') writeFileSync(join(lock, 'old'), '{"process":{"pi');
      if (what === 'a folder in it') mkdirSync(join(lock, 'old/deep'), { recursive: true });
      expect(takeClaim(lock, alive('new')).taken).toBe(true);
      expect(readdirSync(folder, { recursive: true })).toEqual(['the.lock', 'the.lock/new']);
    },
  );

  test('what somebody killed in the act left beside it is swept', () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'the.lock.claim-1'));
    writeFileSync(join(folder, 'the.lock.claim-1/old'), '{}');
    takeClaim(join(folder, 'the.lock'), alive('new'));
    expect(readdirSync(folder)).toEqual(['the.lock']);
  });

  test('of many who find a dead holder’s lock at once, exactly one has it', async () => {
    const lock = abandoned(tempDir(), 'old');
    const modules = ['runtime/kernel/claim', 'services/kit/process-identity'].map(
      (name) => new URL(`../../../${name}.ts`, import.meta.url).href,
    );
    const script = `const [{ takeClaim }, { processIdentity }] = await Promise.all(${JSON.stringify(modules)}.map((m) => import(m)));
      process.stdin.once('data', () => {
        const runId = String(process.pid);
        console.log(takeClaim(process.argv[1], { process: processIdentity(process.pid), runId }).taken);
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
