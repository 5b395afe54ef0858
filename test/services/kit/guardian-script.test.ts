/** The guardian's program by itself, in every POSIX shell that is here. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GUARDIAN_SCRIPT } from '../../../services/kit/guardian-script.ts';
import { hasProc } from '../../../services/kit/process-table.ts';
import { alive, pidsGone } from '../../helpers/alive.ts';

const SHELLS = ['sh', 'dash', 'bash', 'ksh', 'mksh', 'zsh'].filter(
  (shell) => spawnSync(shell, ['-c', ':']).error === undefined,
);

/** A group of its own, without any marker. */
function stranger(): number {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child.pid!;
}

function guardian(shell: string) {
  const child = spawn(shell, ['-c', GUARDIAN_SCRIPT, 'guardian', 'abcdefgh', '200'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid!,
    say: (text: string) => child.stdin.write(text),
    hangUp: () => child.stdin.end(),
    exit,
  };
}

describe.each(SHELLS)('%s', (shell) => {
  test('ends the groups on record at the end of the pipe, and only those', async () => {
    const [kept, added, removed] = [stranger(), stranger(), stranger()];
    const { say, hangUp, exit } = guardian(shell);
    say(`+${removed}\n+${added}\n-${removed}\n+${kept}\n-${kept}\n`);
    hangUp();
    expect(await exit).toBe(0);
    await pidsGone([added]);
    expect([kept, removed].map(alive)).toEqual([true, true]);
  });

  test('does not act on half a line', async () => {
    const group = stranger();
    const { say, hangUp, exit } = guardian(shell);
    say(`+${group}`);
    hangUp();
    await exit;
    expect(alive(group)).toBe(true);
  });

  test('says at the end of the pipe what it was told to, once that was not taken back', async () => {
    for (const [told, said] of [
      ['!so long, and $HOME "thanks" \\n\n', 'so long, and $HOME "thanks" \\n\n'],
      ['!so long\n!\n', ''],
      ['!so long\nend\n', ''],
    ]) {
      const child = spawn(shell, ['-c', GUARDIAN_SCRIPT, 'guardian', 'abcdefgh', '200'], {
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: true,
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      let heard = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (heard += text));
      child.stdin.end(told);
      await new Promise((resolve) => child.once('close', resolve));
      expect(heard).toBe(said);
    }
  });

  test('touches nothing after a clean end', async () => {
    const group = stranger();
    const { say, exit } = guardian(shell);
    say(`+${group}\nend\n`);
    expect(await exit).toBe(0);
    expect(alive(group)).toBe(true);
  });
});

// In a namespace of its own, since a number given twice would confuse all other tests that run at this time.
const namespace = ['--pid', '--fork', '--kill-child', '--mount-proc'];
const reuse = hasProc && spawnSync('unshare', [...namespace, 'true']).status === 0;
if (!reuse)
  console.log('Skipped: no PID namespace can be made here (unshare --pid), so no number is given twice');

test.runIf(reuse)('a stranger who was given the number of a group on record is left alone', () => {
  const program = fileURLToPath(new URL('../../helpers/programs/reused-pid.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(
    'unshare',
    [...namespace, process.execPath, '--import', 'tsx', program],
    { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ sameNumber: true, lives: true });
});
