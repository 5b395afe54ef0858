/** Facts about processes of the system: the table, identities, markers. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { endMarked, findMarked } from '../../../services/kit/marked.ts';
import { processIdentity, sameProcess } from '../../../services/kit/process-identity.ts';
import {
  hasProc,
  parsePs,
  parseStat,
  processRow,
  processTable,
} from '../../../services/kit/process-table.ts';
import { alive, pidsGone, until } from '../../helpers/alive.ts';

const VARIABLE = 'PAAS_LOCAL_TEST';

/** A process with a marker, killed with the test. */
function marked(value: string, script = 'sleep 1000', env: NodeJS.ProcessEnv = {}): number {
  const child = spawn('/bin/sh', ['-c', script], {
    env: { PATH: process.env['PATH'], ...env, [VARIABLE]: value },
    stdio: 'ignore',
    detached: true,
  });
  onTestFinished(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // ended by the test
    }
  });
  return child.pid!;
}

describe('the table', () => {
  test('holds this process, with its parent', () => {
    const row = processTable().find(({ pid }) => pid === process.pid);
    expect(row).toMatchObject({ pid: process.pid, parent: process.ppid });
    const { rss } = process.memoryUsage();
    expect(row!.residentBytes / rss).toBeGreaterThan(0.5);
    expect(row!.residentBytes / rss).toBeLessThan(2);
    expect(processRow(process.pid)?.startTime).toBe(row?.startTime);
    expect(processRow(2 ** 22 + 1)).toBeUndefined();
  });

  test.each([
    ['simple', '42 (node) S 1 40 39 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 11 0 987654 1 2 3'],
    [
      'a name with brackets and blanks',
      '42 (a) R 7 (b)) S 1 40 39 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 11 0 987654 1 2',
    ],
  ])('/proc/PID/stat: %s', (_, text) => {
    expect(parseStat(text)).toEqual({
      pid: 42,
      parent: 1,
      group: 40,
      session: 39,
      state: 'S',
      startTime: '987654',
      residentBytes: expect.any(Number),
      cpuSeconds: expect.any(Number),
    });
  });

  test('/proc/PID/stat: cut off', () => {
    expect(parseStat('42 (node) S 1 40')).toBeUndefined();
  });

  test.each([
    ['macOS', '  812     1   812 Ss   2048   1:02.50 Mon Sep  1 09:30:00 2025    '],
    ['Linux', '    812       1     812 Ssl     2048 00:01:02 Mon Sep  1 09:30:00 2025'],
    ['Linux after a day', ' 812 1 812 Ssl 2048 1-00:01:02 Mon Sep  1 09:30:00 2025'],
  ])('ps on %s', (system, line) => {
    expect(parsePs(line)).toEqual({
      pid: 812,
      parent: 1,
      group: 812,
      session: 0,
      state: 'S',
      startTime: 'Mon Sep 1 09:30:00 2025',
      residentBytes: 2 * 1024 * 1024,
      cpuSeconds: { macOS: 62.5, Linux: 62 }[system] ?? 24 * 3600 + 62,
    });
  });

  test('ps: what is no row', () => {
    expect(parsePs('')).toBeUndefined();
    expect(parsePs('ps: no such option')).toBeUndefined();
  });
});

describe('an identity', () => {
  test('is that of one process only', async () => {
    const identity = processIdentity(process.pid)!;
    expect(sameProcess(identity)).toBe(true);
    expect(sameProcess({ ...identity, startTime: `${identity.startTime}0` })).toBe(false);
    const pid = marked(randomUUID());
    const other = processIdentity(pid)!;
    expect(other.startTime).not.toBe('');
    process.kill(-pid, 'SIGKILL');
    await pidsGone([pid]);
    expect(sameProcess(other)).toBe(false);
    expect(processIdentity(pid)).toBeUndefined();
  });

  test.runIf(hasProc)('a zombie has none', async () => {
    // The shell's child is dead, and the shell became a program that does not collect it.
    const pid = marked(randomUUID(), 'true & exec sleep 1000');
    const zombie = await until('a zombie', () =>
      processTable().find((row) => row.parent === pid && row.state === 'Z'),
    );
    expect(processIdentity(zombie.pid)).toBeUndefined();
    expect(alive(zombie.pid)).toBe(false);
  });
});

describe('a marker', () => {
  test('is found exactly', async () => {
    const value = randomUUID();
    const pid = marked(value, 'exec sleep 1000');
    marked(`${value}-longer`);
    marked('other', 'sleep 1000', { [`X${VARIABLE}`]: value, OTHER: `${VARIABLE}=${value}` });
    await until('the process', () => findMarked(VARIABLE, value).length > 0);
    expect(findMarked(VARIABLE, value)).toEqual([pid]);
  });

  test('is never found on ourselves', async () => {
    // What is set at run time is not seen by others anyway, so a child looks at its own beginning.
    const module = new URL('../../../services/kit/marked.ts', import.meta.url).href;
    const script = `import { findMarked } from ${JSON.stringify(module)}; console.log(findMarked('${VARIABLE}', 'own').includes(process.pid))`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      env: { ...process.env, [VARIABLE]: 'own' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output = await new Response(child.stdout as unknown as ReadableStream).text();
    expect(output).toBe('false\n');
  });

  test('its processes are ended, the deaf ones by force', async () => {
    const value = randomUUID();
    const pids = [marked(value), marked(value, `trap '' TERM; while :; do sleep 1; done`)];
    await until('both', () => findMarked(VARIABLE, value).length >= 2);
    expect(await endMarked(VARIABLE, value, { graceMs: 100 })).toEqual([]);
    await pidsGone(pids, 0);
  });

  test('without processes there is nothing to end', async () => {
    expect(await endMarked(VARIABLE, randomUUID(), { graceMs: 600_000 })).toEqual([]);
  });
});
