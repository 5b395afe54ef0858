import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { findMarked } from '../../../services/kit/marked.ts';
import { INSTANCE_VARIABLE, runToEnd, spawnDetached, startProcess } from '../../../services/kit/process.ts';
import type { ManagedProcess, ProcessSpec } from '../../../services/kit/process.ts';
import { alive, markedGone, pidsGone, until } from '../../helpers/alive.ts';

const PATH = process.env['PATH'] ?? '';
const started: ManagedProcess[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) {
    if (one.pid !== undefined) await one.kill();
    expect(findMarked(INSTANCE_VARIABLE, one.instanceId)).toEqual([]);
  }
});

/** Starts a program and keeps its lines. */
function start(file: string, args: readonly string[], more: Partial<ProcessSpec> = {}) {
  const lines: string[] = [];
  const running = startProcess({
    file,
    args,
    cwd: '/',
    env: { PATH },
    onLine: (stream, text) => lines.push(`${stream} ${text}`),
    ...more,
  });
  started.push(running);
  return {
    running,
    lines,
    said: (line: string) => until(line, () => lines.includes(line), { state: () => lines }),
  };
}

const shell = (script: string, more?: Partial<ProcessSpec>) => start('/bin/sh', ['-c', script], more);
const node = (script: string, more?: Partial<ProcessSpec>) => start(process.execPath, ['-e', script], more);

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'paas-local-process-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

describe('startProcess', () => {
  test('tells output and exit', async () => {
    const { running, lines } = shell('echo out; echo err >&2; exit 3');
    expect(await running.exited).toEqual({ code: 3, signal: null });
    expect(await running.ended).toEqual({ code: 3, signal: null, forced: false });
    expect(lines.toSorted()).toEqual(['ERR err', 'OUT out']);
  });

  test('tells a death by signal', async () => {
    const { running } = shell('kill -s SEGV $$');
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGSEGV' });
  });

  test('gives the environment asked for, a marker, and nothing else', async () => {
    const { running, lines } = start('/usr/bin/env', [], { env: { ONE: '1' } });
    await running.ended;
    expect(lines.toSorted()).toEqual(['OUT ONE=1', `OUT PAAS_LOCAL_INSTANCE=${running.instanceId}`]);
  });

  test('hands on no file but the three standard ones', async () => {
    const file = join(tempDir(), 'open');
    const fd = openSync(file, 'w');
    const { running, lines } = shell(
      'for f in 0 1 2 3 4 5 6 7 8 9; do { : >&$f; } 2>/dev/null && echo $f; done; :',
    );
    await running.ended;
    closeSync(fd);
    expect(lines).toEqual(['OUT 0', 'OUT 1', 'OUT 2']);
  });

  test.each([
    ['PROGRAM_NOT_FOUND', { file: 'no-such-program-anywhere', cwd: '/' }],
    ['PROGRAM_NOT_FOUND', { file: '/no/such/program', cwd: '/' }],
    ['PROGRAM_NOT_EXECUTABLE', { file: '/etc', cwd: '/' }],
    ['FOLDER_NOT_FOUND', { file: '/bin/sh', cwd: '/no/such/folder' }],
    ['SPAWN_FAILED', { file: '/bin/sh', cwd: '/', args: ['-c', 'true\0'] }],
  ])('%s: %j', async (code, spec) => {
    const { running } = start(spec.file, 'args' in spec ? spec.args : [], { cwd: spec.cwd });
    await expect(running.spawned).rejects.toMatchObject({ name: 'ProcessError', code });
    await expect(running.terminate({ graceMs: 10 })).rejects.toMatchObject({ code });
    expect(running.pid).toBeUndefined();
  });

  test('writes to a program that does not read without harm', async () => {
    const { running } = shell('exec <&-; exit 0', { stdin: 'pipe' });
    running.stdin?.write('x'.repeat(1_000_000));
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  test('its outputs can be opened by name', async () => {
    const { running, lines } = shell(
      'echo out >/dev/stdout; echo err >/dev/stderr; echo log | tee /dev/stderr',
    );
    await running.ended;
    expect(lines.toSorted()).toEqual(['ERR err', 'ERR log', 'OUT log', 'OUT out']);
  });

  test('lines come whole and in order from a flood', async () => {
    const count = 400_000;
    const { running, lines } = node(
      `let s='';for(let i=0;i<${count};i++)s+='line '+i+' '+'x'.repeat(70)+'\\n';process.stdout.write(s)`,
    );
    await running.ended;
    expect(lines.length).toBe(count);
    expect(lines.findIndex((line, index) => !line.startsWith(`OUT line ${index} `))).toBe(-1);
  });

  test('a rate limit over both streams drops whole lines, says so as the platform does, and how many', async () => {
    const both = 'i=0; while [ $i -lt 1000 ]; do echo 123456789; echo 123456789 >&2; i=$((i+1)); done';
    const { running, lines } = shell(both, { maxBytesPerSecond: 1000 });
    await running.ended;
    const kept = lines.filter((line) => line.endsWith(' 123456789')).length;
    const dropped = lines
      .map((line) => /^(?:OUT|ERR) (\d+) lines dropped by the log rate limit$/.exec(line)?.[1])
      .reduce((sum, text) => sum + Number(text ?? 0), 0);
    expect(kept).toBeGreaterThanOrEqual(100);
    expect(kept + dropped).toBe(2000);
    const notices = lines.filter((line) =>
      line.endsWith('app instance exceeded log rate limit (1000 bytes/sec)'),
    );
    const counts = lines.filter((line) => line.includes(' lines dropped '));
    expect(notices.length).toBeGreaterThan(0);
    expect(counts).toHaveLength(notices.length);
  });

  test('a rate limit of 0 lets no line through, and says so once', async () => {
    const { running, lines } = shell('echo one; echo two', { maxBytesPerSecond: 0 });
    await running.ended;
    expect(lines).toEqual(['OUT app instance exceeded log rate limit (0 bytes/sec)']);
  });
});

describe('terminate', () => {
  test('a program that obeys is not killed', async () => {
    const { running, said } = node(
      `process.on('SIGTERM',()=>process.exit(7));setInterval(()=>{},1e3);console.log('up')`,
    );
    await said('OUT up');
    expect(await running.terminate({ graceMs: 10_000 })).toEqual({ code: 7, signal: null, forced: false });
  });

  test('a program that ignores TERM is killed after the grace', async () => {
    const { running, said } = shell(`trap '' TERM; echo up; while :; do sleep 1; done`);
    await said('OUT up');
    expect(await running.terminate({ graceMs: 50 })).toEqual({ code: null, signal: 'SIGKILL', forced: true });
  });

  test('a second call shortens the grace', async () => {
    const { running, said } = shell(`trap '' TERM; echo up; while :; do sleep 1; done`);
    await said('OUT up');
    const patient = running.terminate({ graceMs: 600_000 });
    expect(await running.terminate({ graceMs: 0 })).toMatchObject({ forced: true });
    expect(await patient).toMatchObject({ forced: true });
  });

  test('another signal can be asked for', async () => {
    const { running, said } = node(
      `process.on('SIGINT',()=>process.exit(9));setInterval(()=>{},1e3);console.log('up')`,
    );
    await said('OUT up');
    expect(await running.terminate({ graceMs: 10_000, signal: 'SIGINT' })).toMatchObject({ code: 9 });
  });

  test('waits for a slow child of a shell that died at once', async () => {
    const { running, lines, said } = shell(
      `(trap 'sleep 0.4; echo saved; exit 0' TERM; echo up; while :; do sleep 0.05; done) & wait`,
    );
    await said('OUT up');
    expect(await running.terminate({ graceMs: 10_000 })).toMatchObject({ forced: false });
    expect(lines).toContain('OUT saved');
  });

  test('a stopped program is woken to be ended', async () => {
    const { running, said } = node(`setInterval(()=>{},1e3);console.log('up')`);
    await said('OUT up');
    process.kill(running.pid!, 'SIGSTOP');
    expect(await running.terminate({ graceMs: 10_000 })).toMatchObject({ signal: 'SIGTERM', forced: false });
  });

  test('may come before the program did anything, and after it ended', async () => {
    const { running } = shell('sleep 100');
    await running.terminate({ graceMs: 1000 });
    expect(await running.terminate({ graceMs: 1000 })).toMatchObject({ signal: 'SIGTERM' });
    expect(alive(running.pid!)).toBe(false);
  });

  test.each([
    ['another group', `set -m; sleep 1000 & echo "up"; wait`],
    ['another session', `setsid sleep 1000 & echo up; wait`],
    ['another session, orphaned', `(setsid sh -c 'sleep 1000 & sleep 1000' &) ; echo up; sleep 1000`],
    [
      'another session, deaf',
      `(setsid sh -c 'trap "" TERM; sleep 1000; sleep 1000' &) ; echo up; sleep 1000`,
    ],
    [
      'another session, no marker, but a parent',
      `setsid env -i ${'/bin/sh'} -c 'echo up; /bin/sleep 1000; :' & wait`,
    ],
  ])('ends what moved to %s', async (_, script) => {
    const { running, said } = shell(script);
    await said('OUT up');
    const members = await until('a second process', () => {
      const pids = running.members();
      return pids.length > 1 && pids;
    });
    await running.terminate({ graceMs: 300 });
    await pidsGone(members, 0);
  });
});

describe('an exit by itself', () => {
  test('takes along what was left in the group and outside', async () => {
    const { running, said } = shell(
      `sleep 1000 & setsid sleep 1000 & (trap '' TERM; echo deaf; exec sleep 1000) & read go`,
      { stdin: 'pipe' },
    );
    await said('OUT deaf');
    const members = running.members();
    running.stdin!.end('go\n');
    expect(await running.ended).toMatchObject({ code: 0, forced: true });
    await pidsGone(members, 0);
  });

  test('leaves it alone where told so, until terminated', async () => {
    const { running, lines } = shell('sleep 1000 & echo $!', { keepLeftovers: true });
    await running.ended;
    const pid = await until('its number', () => lines[0] !== undefined && Number(lines[0].slice(4)));
    expect(alive(pid)).toBe(true);
    await running.terminate({ graceMs: 1000 });
    expect(alive(pid)).toBe(false);
  });

  test('does not wait for output that a stranger holds open', async () => {
    const { running, lines } = shell(`echo last; (setsid env -i /bin/sh -c '/bin/sleep 8' &)`);
    expect(await running.ended).toMatchObject({ code: 0 });
    expect(lines).toEqual(['OUT last']);
  });
});

describe('runToEnd', () => {
  const step = { file: '/bin/sh', cwd: '/', env: { PATH } };

  test('gives output of both streams', async () => {
    const result = await runToEnd({ ...step, args: ['-c', 'echo a; sleep 0.1; echo b >&2; exit 2'] });
    expect(result).toEqual({ code: 2, signal: null, output: 'a\nb', timedOut: false });
  });

  test('keeps the end of a long output', async () => {
    const script =
      'i=0; while [ $i -lt 9000 ]; do echo "$i 123456789 123456789 123456789 123456789"; i=$((i+1)); done';
    const { output } = await runToEnd({ ...step, args: ['-c', script] });
    expect(output.length).toBeLessThanOrEqual(256 * 1024);
    expect(output.length).toBeGreaterThan(255 * 1024);
    expect(output).toMatch(/\n8999 [\d ]+$/);
  });

  test('ends what takes too long', async () => {
    const result = await runToEnd({ ...step, args: ['-c', 'echo begun; sleep 1000'], timeoutMs: 3000 });
    expect(result).toMatchObject({ signal: 'SIGTERM', timedOut: true, output: 'begun' });
  });

  test('is cut short by a signal', async () => {
    const abort = new AbortController();
    const lines: string[] = [];
    const run = runToEnd({
      ...step,
      args: ['-c', 'echo $$; sleep 1000'],
      signal: abort.signal,
      onLine: (_, text) => {
        lines.push(text);
        abort.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(alive(Number(lines[0]))).toBe(false);
  });

  test('a missing program is a coded error', async () => {
    await expect(runToEnd({ ...step, file: 'no-such-program', args: [] })).rejects.toMatchObject({
      code: 'PROGRAM_NOT_FOUND',
    });
  });
});

describe('spawnDetached', () => {
  const detach = (script: string, more: { logFile: string; readyTimeoutMs?: number }) =>
    spawnDetached({
      file: process.execPath,
      args: ['-e', script],
      cwd: '/',
      env: { PATH },
      readyTimeoutMs: 20_000,
      ...more,
    });

  test('gives the ready line and lets go', async () => {
    const logFile = join(tempDir(), 'log');
    const host = detach(`console.error('note');console.log('ready 1');setInterval(()=>{},1e3)`, { logFile });
    onTestFinished(() => void process.kill(host.pid!, 'SIGKILL'));
    expect(await host.readyLine).toBe('ready 1');
    expect(alive(host.pid!)).toBe(true);
    expect(readFileSync(logFile, 'utf8')).toBe('note\n');
    expect(statSync(logFile).mode & 0o777).toBe(0o600);
  });

  test('an early exit is told with its own log lines', async () => {
    const logFile = join(tempDir(), 'log');
    writeFileSync(logFile, 'of an earlier run\n');
    const host = detach(`console.error('no luck');process.exitCode=5`, { logFile });
    await expect(host.readyLine).rejects.toMatchObject({
      code: 'NOT_ANNOUNCED',
      facts: { code: 5, signal: null, timedOut: false, logLines: ['no luck'] },
    });
  });

  test('silence is ended', async () => {
    const host = detach(`setInterval(()=>{},1e3)`, { logFile: join(tempDir(), 'log'), readyTimeoutMs: 300 });
    await expect(host.readyLine).rejects.toMatchObject({ code: 'NOT_ANNOUNCED', facts: { timedOut: true } });
    await pidsGone([host.pid!]);
  });

  test('a missing program is told', async () => {
    const spec = { args: [], cwd: '/', env: {}, logFile: join(tempDir(), 'log'), readyTimeoutMs: 1000 };
    const host = spawnDetached({ ...spec, file: '/no/such/program' });
    await expect(host.readyLine).rejects.toMatchObject({ code: 'PROGRAM_NOT_FOUND' });
  });
});

test('the helper sees marked processes go', async () => {
  const { running } = shell('sleep 1000');
  await until('the process', () => findMarked(INSTANCE_VARIABLE, running.instanceId).length > 0);
  await running.kill();
  await markedGone(INSTANCE_VARIABLE, running.instanceId, 0);
});
