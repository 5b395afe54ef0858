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
    const pids = groupMembers(pid);
    return pids.length === 2 && pids;
  });
  expect(memoryOf(members) / MIB).toBeGreaterThan(100);
  expect(memoryOf(members) / MIB).toBeLessThan(300);
  expect(memoryOf([pid]) / MIB).toBeGreaterThan(50);
});

test('of nobody is nothing', () => {
  expect(memoryOf([])).toBe(0);
  expect(memoryOf([2 ** 22 + 1])).toBe(0);
});

test('is watched until it passes the limit, which is told once', async () => {
  const pid = await take(60);
  const told: number[] = [];
  const watch = watchMemory({
    pid,
    limitBytes: 110 * MIB,
    sampleMs: 10,
    onExceeded: (bytes) => told.push(bytes),
  });
  onTestFinished(() => watch[Symbol.dispose]());
  await until('the limit', () => told.length > 0);
  expect(told[0]! / MIB).toBeGreaterThan(110);
  const twice = watchMemory({ pid, limitBytes: 1, sampleMs: 10, onExceeded: () => told.push(0) });
  await until('another', () => told.length > 1);
  twice[Symbol.dispose]();
  expect(told).toHaveLength(2);
});
