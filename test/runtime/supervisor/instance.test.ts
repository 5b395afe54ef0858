import { describe, expect, test } from 'vitest';
import { PaasError } from '../../../runtime/kernel/errors.ts';
import { alive, pidsGone, until } from '../../helpers/alive.ts';
import { steering } from '../../helpers/steered.ts';
import { supervise, type SupervisedOptions } from '../../helpers/supervised.ts';

/** A supervised app that does as it is told. */
async function steered(options: SupervisedOptions = {}) {
  const steer = await steering();
  const app = supervise('steered', { ...options, env: { STEER_SOCKET: steer.socket, ...options.env } });
  return { ...app, steer };
}

describe('start', () => {
  test('is ready when the port opens, not before', async () => {
    const { instance, steer, notes, names } = await steered();
    expect(instance.status.state).toBe('stopped');
    instance.start();
    const ready = instance.ready();
    const run = await steer.next();
    expect(instance.status).toMatchObject({ state: 'starting', port: run.port });
    await run.listen();
    await ready;
    expect(instance.status).toMatchObject({ state: 'running', host: '127.0.0.1', crashes: 0 });
    expect(names()).toEqual(['starting', 'healthy']);
    expect(notes).toEqual(['Starting health monitoring of container', 'Container became healthy']);
  });

  test('does nothing while it starts or runs', async () => {
    const { instance, steer, names } = await steered();
    instance.start();
    instance.start();
    await (await steer.next()).listen();
    await instance.ready();
    instance.start();
    await instance.ready();
    expect(names()).toEqual(['starting', 'healthy']);
  });

  test('finds an app on ::1', async () => {
    const { instance, steer } = await steered();
    instance.start();
    await (await steer.next()).listen({ host: '::1' });
    await instance.ready();
    expect(instance.status.host).toBe('::1');
  });

  test('an exit before that is told with its facts', async () => {
    const { instance, steer, moment } = await steered();
    instance.start();
    // Asked before the exit, so that the refusal is never without somebody who waits for it.
    const told = expect(instance.ready()).rejects.toMatchObject({
      kind: 'exited',
      exit: { code: 7, signal: null },
    });
    await (await steer.next()).exit(7);
    await told;
    expect(await moment('exited')).toEqual({
      moment: 'exited',
      exit: { code: 7, signal: null },
      expected: false,
    });
    expect(await moment('backing-off')).toEqual({ moment: 'backing-off', ms: 0, crashes: 1 });
    expect(await moment('starting', 2)).toMatchObject({ attempt: 2 });
  });

  test('the next attempt may succeed', async () => {
    const { instance, steer } = await steered();
    instance.start();
    await Promise.all([instance.ready().catch(() => {}), steer.next().then((run) => run.exit(1))]);
    const second = await steer.next();
    await second.listen();
    await instance.ready();
    expect(instance.status).toMatchObject({ state: 'running', crashes: 1, lastExit: { code: 1 } });
  });

  test('a start that takes too long tells what listens instead, and is a crash', async () => {
    const { instance, steer, moments, moment } = await steered({
      health: { startTimeoutMs: 5000 },
      policy: { immediate: 0, firstDelayMs: 60_000, maxDelayMs: 60_000, settleMs: 1, maxCrashes: 9 },
    });
    instance.start();
    const ready = instance.ready();
    ready.catch(() => {});
    const run = await steer.next();
    const port = await run.listen({ port: 0, host: '127.0.0.1' });
    await expect(ready).rejects.toMatchObject({
      kind: 'timed-out',
      expected: `port ${run.port} to open`,
      lastProbe: `failed to make TCP connection to port ${run.port}: connection refused`,
      listening: [{ host: '127.0.0.1', port, pid: run.pid }],
    });
    await moment('backing-off');
    expect(moments.map((one) => one.moment)).toEqual(['starting', 'never-ready', 'exited', 'backing-off']);
    expect(instance.status).toMatchObject({ state: 'backing-off', crashes: 1 });
    await expect(instance.ready()).rejects.toMatchObject({ kind: 'timed-out' });
  });

  test('a missing program is told', async () => {
    const { instance } = supervise('echo', { launch: { file: '/no/such/program' } });
    instance.start();
    await expect(instance.ready()).rejects.toMatchObject({ kind: 'spawn-failed' });
  });

  test('a failing preparation is told, and keeps its cause', async () => {
    const cause = new PaasError('PORTS_EXHAUSTED', {});
    const { instance } = supervise('echo', { prepare: () => Promise.reject(cause) });
    instance.start();
    await expect(instance.ready()).rejects.toMatchObject({
      kind: 'spawn-failed',
      message: cause.message,
      cause,
    });
  });

  test('gives up after the last crash allowed', async () => {
    const { instance, moment } = supervise('exit-zero', {
      policy: { immediate: 9, firstDelayMs: 1, maxDelayMs: 1, settleMs: 300_000, maxCrashes: 3 },
    });
    instance.start();
    expect(await moment('gave-up')).toEqual({ moment: 'gave-up', reason: 'crashed 3 times' });
    expect(instance.status).toMatchObject({ state: 'crashed', crashes: 3, reason: 'crashed 3 times' });
    await expect(instance.ready()).rejects.toMatchObject({ kind: 'exited' });
  });

  test('crashes are forgotten after a time of running', async () => {
    const { instance, steer } = await steered({
      policy: { immediate: 9, firstDelayMs: 1, maxDelayMs: 1, settleMs: 20, maxCrashes: 99 },
    });
    instance.start();
    await (await steer.next()).exit(1);
    await (await steer.next()).listen();
    await instance.ready();
    await until('the count to be wiped', () => instance.status.crashes === 0);
    expect(instance.status.state).toBe('running');
  });

  test('waiting can be cut short', async () => {
    const { instance } = await steered();
    instance.start();
    const abort = new AbortController();
    const ready = instance.ready(abort.signal);
    abort.abort(new Error('enough'));
    await expect(ready).rejects.toThrow('enough');
    await expect(instance.ready(AbortSignal.abort(new Error('already')))).rejects.toThrow('already');
  });
});

describe('stop', () => {
  test('is polite first', async () => {
    const { instance, steer, moments } = await steered();
    instance.start();
    const run = await steer.next();
    await run.listen();
    await run.hear('SIGTERM');
    await instance.ready();
    const stopped = instance.stop();
    await run.received('SIGTERM');
    expect(instance.status.state).toBe('stopping');
    await run.exit(0);
    await stopped;
    expect(instance.status).toMatchObject({ state: 'stopped', lastExit: { code: 0, signal: null } });
    expect(moments.at(-1)).toEqual({ moment: 'exited', exit: { code: 0, signal: null }, expected: true });
    expect(instance.status.pid).toBeUndefined();
  });

  test('kills after the grace, and says so', async () => {
    const { instance, steer, names, moment } = await steered();
    instance.start();
    const run = await steer.next();
    await run.hear('SIGTERM');
    await instance.stop({ graceMs: 100 });
    expect(alive(run.pid)).toBe(false);
    expect(await moment('killed')).toEqual({
      moment: 'killed',
      reason: 'exceeded 0.1s graceful shutdown interval',
    });
    expect(names()).toEqual(['starting', 'killed', 'exited']);
  });

  test('a second stop without grace kills at once', async () => {
    const { instance, steer } = await steered({ graceMs: 600_000 });
    instance.start();
    const run = await steer.next();
    await run.hear('SIGTERM');
    const patient = instance.stop();
    await run.received('SIGTERM');
    await instance.kill();
    await patient;
    expect(alive(run.pid)).toBe(false);
  });

  test('cuts short a start, also before there is a process', async () => {
    const { instance, names } = await steered();
    instance.start();
    const ready = instance.ready();
    const stopped = instance.stop();
    await expect(ready).rejects.toMatchObject({ kind: 'stopped' });
    await stopped;
    expect(instance.status.state).toBe('stopped');
    expect(names()).toEqual([]);
  });

  test('ends backing off', async () => {
    const { instance, moment } = supervise('exit-zero', {
      policy: { immediate: 0, firstDelayMs: 600_000, maxDelayMs: 600_000, settleMs: 1, maxCrashes: 9 },
    });
    instance.start();
    await moment('backing-off');
    await instance.stop();
    expect(instance.status).toMatchObject({ state: 'stopped', crashes: 0 });
  });

  test('of what never started does nothing', async () => {
    const { instance, names } = await steered();
    await instance.stop();
    await instance.kill();
    await expect(instance.ready()).rejects.toMatchObject({ kind: 'stopped' });
    expect(names()).toEqual([]);
  });

  test('may be asked for in the middle of a report', async () => {
    const steer = await steering();
    const { instance } = supervise('steered', {
      env: { STEER_SOCKET: steer.socket },
      report: ({ moment }) => {
        if (moment === 'healthy') void instance.stop();
      },
    });
    instance.start();
    const run = await steer.next();
    await run.listen();
    await run.gone;
    await instance.stop();
    expect(instance.status.state).toBe('stopped');
  });
});

describe('restart', () => {
  test('is a stop and a start', async () => {
    const { instance, steer, names } = await steered();
    instance.start();
    const first = await steer.next();
    await first.listen();
    await instance.ready();
    instance.restart();
    const ready = instance.ready();
    const second = await steer.next();
    expect(alive(first.pid)).toBe(false);
    await second.listen();
    await ready;
    expect(second.port).not.toBe(first.port);
    expect(instance.status).toMatchObject({ state: 'running', crashes: 0, port: second.port });
    expect(names()).toEqual(['starting', 'healthy', 'exited', 'starting', 'healthy']);
  });

  test('a stop in the middle wins', async () => {
    const { instance, steer } = await steered();
    instance.start();
    const run = await steer.next();
    await run.hear('SIGTERM');
    instance.restart();
    await run.received('SIGTERM');
    const stopped = instance.stop();
    await run.exit(0);
    await stopped;
    expect(instance.status.state).toBe('stopped');
  });
});

describe('a running instance', () => {
  test('that exits with 0 has crashed, and is started again', async () => {
    const { instance, steer, moment } = await steered();
    instance.start();
    const first = await steer.next();
    await first.listen();
    await instance.ready();
    await first.exit(0);
    expect(await moment('exited')).toMatchObject({ exit: { code: 0 }, expected: false });
    await (await steer.next()).listen();
    await instance.ready();
    expect(instance.status.crashes).toBe(1);
  });

  test('leaves nothing of itself beside its successor', async () => {
    const { instance, steer } = await steered();
    instance.start();
    const first = await steer.next();
    const children = [await first.spawn(), await first.spawn({ detached: true })];
    await first.die('SIGKILL');
    await steer.next();
    await pidsGone(children, 0);
    expect(instance.status).toMatchObject({ crashes: 1, lastExit: { signal: 'SIGKILL' } });
  });

  test('that fails its check is ended and started again', async () => {
    const { instance, fetch, moment, moments } = supervise('falls-ill', {
      health: { type: 'http', endpoint: '/health', intervalMs: 50, invocationTimeoutMs: 20_000 },
    });
    instance.start();
    await instance.ready();
    const { port } = instance.status;
    await fetch('/ill');
    expect((await moment('unhealthy')).reason).toMatch(
      new RegExp(
        `^failed to make HTTP request to '/health' on port ${port}: received status code 500 in \\d+ms$`,
      ),
    );
    await moment('healthy', 2);
    expect(moments.map((one) => one.moment)).toEqual([
      'starting',
      'healthy',
      'unhealthy',
      'exited',
      'backing-off',
      'starting',
      'healthy',
    ]);
    expect(instance.status.crashes).toBe(1);
  });

  test('without a check is healthy at once', async () => {
    const { instance } = supervise('no-port', { health: { type: 'process' } });
    instance.start();
    await instance.ready();
    expect(instance.status.state).toBe('running');
  });

  test('that takes too much memory is killed with all of it', async () => {
    const { instance, moment } = supervise('memory-hog', { memoryLimitBytes: 200 * 1024 * 1024 });
    instance.start();
    await instance.ready();
    expect((await moment('killed')).reason).toMatch(/^out of memory: \d+M of 200M$/);
    expect(await moment('exited')).toMatchObject({
      exit: { code: null, signal: 'SIGKILL' },
      expected: false,
    });
    expect(instance.status.crashes).toBe(1);
  });

  test('within its memory is left alone', async () => {
    const { instance, names } = supervise('memory-hog', {
      memoryLimitBytes: 2 * 1024 * 1024 * 1024,
      env: { TAKE_MIB: '64' },
      health: { intervalMs: 100 },
    });
    instance.start();
    await instance.ready();
    expect(names()).toEqual(['starting', 'healthy']);
  });
});
