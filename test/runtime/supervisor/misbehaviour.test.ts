/** The programs of fixtures/apps under supervision: what each does wrong, and that nothing of it is left. */
import { describe, expect, test } from 'vitest';
import { isFree } from '../../../runtime/ports/allocate.ts';
import { alive, pidsGone, until } from '../../helpers/alive.ts';
import { supervise } from '../../helpers/supervised.ts';

/** The number at the end of a line like `child 4711`. */
const pidIn = (line: string): number => Number(/(\d+)$/.exec(line)?.[1]);

/** What `noisy` prints. */
const TOTAL_LINES = 382762;

/** Gives up after the first crash, so that each story is told once. */
const ONCE = { immediate: 0, firstDelayMs: 600_000, maxDelayMs: 600_000, settleMs: 600_000, maxCrashes: 1 };

describe('stop leaves nothing of', () => {
  test.each(['echo', 'shell-wrapped', 'closes-stdout', 'ipv6-only', 'loopback-only', 'changes-group'])(
    '%s, politely',
    async (name) => {
      const { instance, fetch, names } = supervise(name);
      instance.start();
      await instance.ready();
      expect((await fetch()).status).toBe(200);
      await instance.stop();
      expect(names()).toEqual(['starting', 'healthy', 'exited']);
    },
  );

  test('ignores-term, by force', async () => {
    const { instance, names, lines } = supervise('ignores-term', { graceMs: 200 });
    instance.start();
    await instance.ready();
    await instance.stop();
    expect(names()).toEqual(['starting', 'healthy', 'killed', 'exited']);
    expect(lines).toContain('OUT ignoring SIGTERM');
  });

  test('forks-a-child', async () => {
    const { instance, said } = supervise('forks-a-child');
    instance.start();
    await instance.ready();
    const child = pidIn(await said('child'));
    expect(alive(child)).toBe(true);
    await instance.stop();
    await pidsGone([child], 0);
  });

  test('setsid-grandchild', async () => {
    const { instance, said } = supervise('setsid-grandchild');
    instance.start();
    await instance.ready();
    const grandchild = pidIn(await said('grandchild'));
    expect(alive(grandchild)).toBe(true);
    await instance.stop();
    await pidsGone([grandchild], 0);
  });

  test('slow-stop, waiting for it', async () => {
    const { instance, names, lines } = supervise('slow-stop', { env: { STOP_MS: '700' } });
    instance.start();
    await instance.ready();
    await instance.stop();
    expect(lines).toEqual(['OUT stopping slowly', 'OUT stopped']);
    expect(names()).toEqual(['starting', 'healthy', 'exited']);
  });

  test('holds-port, whose port is free again', async () => {
    const { instance } = supervise('holds-port', { graceMs: 200 });
    instance.start();
    await instance.ready();
    const { port } = instance.status;
    await instance.stop();
    expect(await isFree(port!)).toBe(true);
  });
});

describe('a crash', () => {
  test('daemonizes: the child in the background goes too', async () => {
    const { instance, said, moment } = supervise('daemonizes', { policy: ONCE });
    instance.start();
    const child = pidIn(await said('gone to the background'));
    await moment('gave-up');
    await pidsGone([child], 0);
  });

  test('exit-zero: an exit without error is a crash', async () => {
    const { instance, moment, lines } = supervise('exit-zero', { policy: ONCE });
    instance.start();
    await expect(instance.ready()).rejects.toMatchObject({ kind: 'exited', exit: { code: 0 } });
    expect(await moment('exited')).toMatchObject({ expected: false });
    expect(lines).toEqual(['OUT all done']);
  });

  test('crash-once: the second run serves', async () => {
    const { instance, moment, fetch, lines } = supervise('crash-once');
    instance.start();
    await expect(instance.ready()).rejects.toMatchObject({ kind: 'exited', exit: { code: 1 } });
    await moment('healthy');
    expect(await (await fetch()).text()).toBe('recovered\n');
    expect(lines).toEqual(['ERR crashing this once']);
  });

  test('crash-always: comes to rest', async () => {
    const { instance, moment, names } = supervise('crash-always', {
      policy: { immediate: 2, firstDelayMs: 1, maxDelayMs: 1, settleMs: 600_000, maxCrashes: 4 },
    });
    instance.start();
    await moment('gave-up');
    expect(names().filter((name) => name === 'starting').length).toBe(4);
    expect(instance.status).toMatchObject({ state: 'crashed', lastExit: { code: 3, signal: null } });
  });

  test('slow-start: exits are seen while it is waited for', async () => {
    const { instance, moment } = supervise('slow-start', { env: { START_MS: '600000' }, policy: ONCE });
    instance.start();
    const { pid } = await moment('starting');
    const ready = instance.ready();
    process.kill(-pid, 'SIGKILL');
    await expect(ready).rejects.toMatchObject({ kind: 'exited', exit: { signal: 'SIGKILL' } });
  });
});

describe('a port', () => {
  test('slow-start: is waited for', async () => {
    const { instance, fetch } = supervise('slow-start', { env: { START_MS: '300' } });
    instance.start();
    await instance.ready();
    expect(await (await fetch()).text()).toBe('at last\n');
  });

  test('wrong-port: the other one is told', async () => {
    const { instance } = supervise('wrong-port', { health: { startTimeoutMs: 5000 }, policy: ONCE });
    instance.start();
    const failure = await instance.ready().catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'timed-out', listening: [{ host: '127.0.0.1' }] });
  });

  test('no-port: that there is none is told', async () => {
    const { instance } = supervise('no-port', { health: { startTimeoutMs: 300 }, policy: ONCE });
    instance.start();
    await expect(instance.ready()).rejects.toMatchObject({ kind: 'timed-out', listening: [] });
  });

  test('loopback-only: is warned of', async () => {
    const { instance, notes } = supervise('loopback-only');
    instance.start();
    await instance.ready();
    await until('the warning', () => notes.at(-1)?.startsWith('Listening on 127.0.0.1 only'));
  });

  test('echo: is not', async () => {
    const { instance, notes } = supervise('echo', { health: { intervalMs: 5 } });
    instance.start();
    await instance.ready();
    await instance.stop();
    expect(notes).toEqual(['Starting health monitoring of container', 'Container became healthy']);
  });

  test('ipv6-only: is found on ::1', async () => {
    const { instance } = supervise('ipv6-only');
    instance.start();
    await instance.ready();
    expect(instance.status.host).toBe('::1');
  });
});

describe('output', () => {
  test('noisy: 32 MiB arrive whole and in order while it starts', async () => {
    const { instance, lines } = supervise('noisy');
    instance.start();
    await instance.ready();
    await instance.stop();
    expect(lines.length).toBe(TOTAL_LINES);
    expect(lines.findIndex((line, index) => !line.startsWith(`OUT ${index} x`))).toBe(-1);
  });

  test('noisy: over its limit it is cut, counted, and not held up', async () => {
    const { instance, lines } = supervise('noisy', { logBytesPerSecond: 100_000 });
    instance.start();
    await instance.ready();
    await instance.stop();
    const numbers = (pattern: RegExp): number[] =>
      lines.flatMap((line) => pattern.exec(line)?.slice(1).map(Number) ?? []);
    const kept = numbers(/^OUT (\d+) x+$/);
    const dropped = numbers(/^OUT (\d+) lines dropped/).reduce((sum, count) => sum + count, 0);
    expect(kept.slice(0, 1000)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(dropped).toBeGreaterThan(300_000);
    expect(kept.length + dropped).toBe(TOTAL_LINES);
  });

  test('invalid-utf8: is shown as far as it is text', async () => {
    const { instance, said, lines } = supervise('invalid-utf8');
    instance.start();
    await said('fine again');
    expect(lines).toEqual(['OUT a\u{fffd}\u{fffd}b', 'OUT \u{fffd}', 'OUT fine again']);
    await instance.stop();
  });

  test('long-lines: are cut without losing a character', async () => {
    const { instance, said, lines } = supervise('long-lines');
    instance.start();
    await said('OUT short');
    const parts = lines.slice(0, -1).map((line) => line.slice('OUT '.length));
    expect(parts.length).toBeGreaterThan(9);
    expect(parts.join('')).toBe('€'.repeat(200_000));
    await instance.stop();
  });

  test('closes-stdout: what was said is there', async () => {
    const { instance, said, lines } = supervise('closes-stdout');
    instance.start();
    await instance.ready();
    await said('last words');
    expect(lines).toEqual(['OUT last words']);
    await instance.stop();
  });
});
