import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startGuardian, type Guardian } from '../../../services/kit/guardian.ts';
import { inheritedFiles } from '../../../services/kit/inherited-files.ts';
import { RUN_VARIABLE } from '../../../services/kit/marked.ts';
import { startProcess } from '../../../services/kit/process.ts';
import { hasProc } from '../../../services/kit/process-table.ts';
import { alive, ignoresTerm, markedGone, pidsGone, until } from '../../helpers/alive.ts';
import { PATH } from '../../helpers/fixture-app.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const OWNER = fileURLToPath(new URL('../../helpers/programs/owner.ts', import.meta.url));
/** From the host's death to the last trace of it: one second of grace, the kill, the sweep, on a machine that is slow. */
const GONE_BOUND_MS = 30_000;

interface Told {
  readonly runId: string;
  readonly guardian: number;
  readonly members: readonly number[];
  /** The app is as far as it gets: its signal handlers are set, its children started. */
  readonly listening: boolean;
}

/** Starts a host in miniature in a group of its own and waits until its app has so many processes. */
async function own(app: string, members: number, cleanup = {}): Promise<{ owner: ChildProcess; told: Told }> {
  const owner = spawn(process.execPath, ['--import', 'tsx', OWNER, app, JSON.stringify(cleanup)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  onTestFinished(() => void owner.kill('SIGKILL'));
  let told: Told | undefined;
  createInterface({ input: owner.stdout }).on('line', (line) => {
    told = JSON.parse(line) as Told;
  });
  return {
    owner,
    told: await until(
      `${members} processes of ${app}`,
      () => {
        owner.stdin.write('?');
        return told?.listening && told.members.length >= members && told;
      },
      { state: () => told },
    ),
  };
}

async function guard(options: Partial<Parameters<typeof startGuardian>[0]> = {}): Promise<Guardian> {
  const guardian = await startGuardian({ runId: randomUUID(), ...options });
  onTestFinished(() => guardian.close());
  return guardian;
}

const gone = async ({ runId, guardian, members }: Told): Promise<void> => {
  await pidsGone([...members, guardian], GONE_BOUND_MS);
  await markedGone(RUN_VARIABLE, runId, 0);
};

describe('when the host is killed', () => {
  const APPS = [
    ['echo', 2],
    ['shell-wrapped', 2],
    ['ignores-term', 2],
    ['setsid-grandchild', 3],
    ['forks-a-child', 3],
    ['changes-group', 2],
  ] as const;

  test.each(APPS)('nothing is left of %s', async (app, members) => {
    const { owner, told } = await own(app, members);
    owner.kill('SIGKILL');
    await gone(told);
  });

  test.each(APPS)('with its whole group, nothing is left of %s', async (app, members) => {
    const { owner, told } = await own(app, members);
    process.kill(-owner.pid!, 'SIGKILL');
    await gone(told);
  });

  test('the paths given are removed, and nothing behind a link', async () => {
    const folder = tempDir();
    const paths = ['run', "with 'quotes' and $(touch hurt)", '-rf'].map((name) => join(folder, name));
    const kept = join(folder, 'kept');
    for (const path of [...paths, kept]) mkdirSync(path);
    writeFileSync(join(kept, 'file'), '');
    symlinkSync(kept, join(paths[0]!, 'link'));
    const { owner, told } = await own('echo', 1, { cleanup: paths, cleanupWithin: folder });
    owner.kill('SIGKILL');
    await gone(told);
    expect(readdirSync(folder)).toEqual(['kept']);
    expect(existsSync(join(kept, 'file'))).toBe(true);
  });
});

test('a clean end touches nothing', async () => {
  const folder = tempDir();
  const path = join(folder, 'run');
  mkdirSync(path);
  const guardian = await guard({ cleanup: [path], cleanupWithin: folder });
  const other = startProcess({ file: '/bin/sleep', args: ['1000'], cwd: '/', env: { PATH }, guardian });
  onTestFinished(async () => void (await other.kill()));
  await guardian.close();
  expect(alive(guardian.pid)).toBe(false);
  expect(alive(other.pid!)).toBe(true);
  expect(existsSync(path)).toBe(true);
  await guardian.close();
});

test('a guardian that is killed is replaced, and the next one knows the groups', async () => {
  const { owner, told } = await own('ignores-term', 2);
  process.kill(told.guardian, 'SIGKILL');
  let now = told;
  createInterface({ input: owner.stdout! }).on('line', (line) => {
    now = JSON.parse(line) as Told;
  });
  await until('another guardian', () => {
    owner.stdin!.write('?');
    return now.guardian !== told.guardian && alive(now.guardian);
  });
  owner.kill('SIGKILL');
  await gone(now);
});

const canLimit = hasProc && spawnSync('prlimit', ['--version']).status === 0;
if (!canLimit) console.log('Skipped: the number of open files cannot be limited here (no prlimit)');

test.runIf(canLimit)('one that cannot be replaced at once is replaced later', () => {
  const module = new URL('../../../services/kit/guardian.ts', import.meta.url).href;
  const script = `import { spawn, spawnSync } from 'node:child_process';
    import { startGuardian } from ${JSON.stringify(module)};
    const guardian = await startGuardian({ runId: 'abcdefgh' });
    const first = guardian.pid;
    const limit = (count) => ['prlimit', '--pid', String(process.pid), '--nofile=' + count + ':'];
    // Started while that is possible, and done when it is told to.
    const raise = spawn('sh', ['-c', 'read go; exec "$@"', 'sh', ...limit(1024)], { stdio: ['pipe', 'ignore', 'ignore'] });
    const alive = () => { try { return process.kill(first, 0); } catch { return false; } };
    const until = async (fact) => { while (!fact()) await new Promise((resolve) => setTimeout(resolve, 20)); };
    const [program, ...args] = limit(3); // none but what is open already
    spawnSync(program, args);
    process.kill(first, 'SIGKILL');
    await until(() => !alive());
    await new Promise((resolve) => setTimeout(resolve, 100)); // some tries, all in vain
    const during = guardian.pid === first;
    raise.stdin.end('go\\n');
    await until(() => guardian.pid !== first);
    process.kill(guardian.pid, 0);
    await guardian.close();
    console.log(JSON.stringify({ during }));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    { encoding: 'utf8', timeout: 100_000 },
  );
  expect({ stdout, stderr }).toEqual({ stdout: '{"during":true}\n', stderr: '' });
});

test('signals meant for others do not end it', async () => {
  const guardian = await guard();
  // A line back and forth would be proof that its traps are set; what it does at the end of the pipe is proof too.
  await until('its traps', () => !hasProc || ignoresTerm(guardian.pid));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)
    process.kill(guardian.pid, signal);
  await guardian.close();
  expect(alive(guardian.pid)).toBe(false);
});

test('does not keep its host alive', () => {
  const script = `import { startGuardian } from ${JSON.stringify(new URL('../../../services/kit/guardian.ts', import.meta.url).href)};
    const guardian = await startGuardian({ runId: 'abcdefgh' }); console.log(guardian.pid);`;
  const { stdout, status, signal } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    { encoding: 'utf8', timeout: 100_000 },
  );
  expect({ status, signal }).toEqual({ status: 0, signal: null });
  return pidsGone([Number(stdout)], GONE_BOUND_MS);
});

test.runIf(hasProc)('holds no file but its pipe, no folder and nothing of our environment', async () => {
  const guardian = await guard();
  const folder = `/proc/${guardian.pid}`;
  await until('its traps', () => ignoresTerm(guardian.pid));
  // What this test was itself started with by accident is not the guardian's doing.
  const inherited = inheritedFiles().map(String);
  expect(readdirSync(`${folder}/fd`).filter((fd) => !inherited.includes(fd))).toEqual(['0', '1', '2']);
  expect(readFileSync(`${folder}/environ`, 'latin1').split('\0').toSorted()).toEqual([
    '',
    'LC_ALL=C',
    expect.stringMatching(/^PATH=/),
  ]);
});

describe('a run id or path that must not be used is refused', () => {
  test.each([
    [{ runId: '$(reboot)x' }],
    [{ runId: '' }],
    [{ runId: 'abcdefgh', cleanup: ['/tmp/x'] }],
    [{ runId: 'abcdefgh', cleanup: ['x'], cleanupWithin: '/tmp' }],
    [{ runId: 'abcdefgh', cleanup: ['/tmp/x'], cleanupWithin: 'tmp' }],
    [{ runId: 'abcdefgh', cleanup: ['/tmp'], cleanupWithin: '/tmp' }],
    [{ runId: 'abcdefgh', cleanup: ['/tmp/../etc'], cleanupWithin: '/tmp' }],
    [{ runId: 'abcdefgh', cleanup: ['/'], cleanupWithin: '/tmp' }],
    [{ runId: 'abcdefgh', cleanup: ['/tmp-other'], cleanupWithin: '/tmp' }],
  ])('%j', async (options) => {
    await expect(startGuardian(options)).rejects.toThrow(TypeError);
  });
});
