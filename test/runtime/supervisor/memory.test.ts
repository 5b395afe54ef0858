import { expect, onTestFinished, test } from 'vitest';
import { groupMembers, memoryOf, watchMemory } from '../../../runtime/supervisor/memory.ts';
import { startProcess } from '../../../services/kit/process.ts';
import { until } from '../../helpers/alive.ts';
import { PATH } from '../../helpers/fixture-app.ts';

const MIB = 1024 * 1024;

/** A program that takes so much memory, and a child of its own session that takes as much. */
function take(mib: number) {
  const hold = `const kept=Buffer.alloc(${mib}*1048576,1);setInterval(()=>kept.length,1e3);`;
  const script = `${hold}require('child_process').spawn(process.execPath,['-e',${JSON.stringify(`${hold}console.log('both')`)}],{detached:true,stdio:'inherit'})`;
  const lines: string[] = [];
  const program = startProcess({
    file: process.execPath,
    args: ['-e', script],
    cwd: '/',
    env: { PATH },
    onLine: (_, text) => lines.push(text),
  });
  onTestFinished(async () => void (await program.kill()));
  return until('both', () => lines.includes('both') && program.pid!);
}

test('counts the group and what left it', async () => {
  const pid = await take(50);
  const members = await until('both processes', () => {
    const rows = groupMembers([pid]);
    return rows.length === 2 && rows;
  });
  expect(memoryOf(members) / MIB).toBeGreaterThan(100);
  expect(memoryOf(members) / MIB).toBeLessThan(300);
  expect(memoryOf(members.filter((row) => row.pid === pid)) / MIB).toBeGreaterThan(50);
});

test('of nobody is nothing', () => {
  expect(memoryOf(groupMembers([2 ** 22 + 1]))).toBe(0);
});

test('pages shared by a parent and its children are counted once', async () => {
  // A fork without exec: eight processes, one copy of the memory.
  const script = `kept = bytearray(64 << 20)
import os, time
for _ in range(7):
    if os.fork() == 0: break
print('up', flush=True)
time.sleep(1000)`;
  const lines: string[] = [];
  const program = startProcess({
    file: 'python3',
    args: ['-c', script],
    cwd: '/',
    env: { PATH },
    onLine: (_, text) => lines.push(text),
  });
  if (
    await program.spawned.then(
      () => false,
      () => true,
    )
  )
    return console.log('Skipped: there is no python3 here');
  onTestFinished(async () => void (await program.kill()));
  await until('eight', () => lines.length === 8);
  // A look at all processes that took long is good for as long.
  const rows = await until('their rows', () => {
    const found = groupMembers([program.pid!]);
    return found.length === 8 && found;
  });
  expect(rows.reduce((sum, row) => sum + row.residentBytes, 0) / MIB).toBeGreaterThan(8 * 64);
  expect(memoryOf(rows) / MIB).toBeLessThan(3 * 64);
});

test('is watched until it passes the limit, which is told once', async () => {
  const pid = await take(60);
  const told: number[] = [];
  const watch = watchMemory({
    pids: [pid],
    limitBytes: 110 * MIB,
    sampleMs: 10,
    onExceeded: (bytes) => told.push(bytes),
  });
  onTestFinished(() => watch[Symbol.dispose]());
  await until('the limit', () => told.length > 0);
  expect(told[0]! / MIB).toBeGreaterThan(110);
  const twice = watchMemory({ pids: [pid], limitBytes: 1, sampleMs: 10, onExceeded: () => told.push(0) });
  await until('another', () => told.length > 1);
  twice[Symbol.dispose]();
  expect(told).toHaveLength(2);
});
