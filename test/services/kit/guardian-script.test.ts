/** The guardian's program by itself, in every POSIX shell that is here. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GUARDIAN_SCRIPT } from '../../../services/kit/guardian-script.ts';
import { hasProc, processRow } from '../../../services/kit/process-table.ts';
import { alive, ignoresTerm, pidsGone, until } from '../../helpers/alive.ts';

const LAST_PID = '/proc/sys/kernel/ns_last_pid';
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
    await pidsGone([added], 1000);
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

const reuse = canChoosePids();
if (!reuse) console.log(`Skipped: numbers of processes cannot be chosen here (${LAST_PID} is not writable)`);

test.runIf(reuse)('a stranger who was given the number of a group on record is left alone', async () => {
  const first = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
  const group = first.pid!;
  const firstBegan = processRow(group)!.startTime;
  const { pid, say, hangUp, exit } = guardian('sh');
  await until('its first lines', () => ignoresTerm(pid));
  const before = bytesRead(pid);
  say(`+${group}\n`);
  await until('the line and the start time to be read', () => bytesRead(pid) > before + 100);
  first.kill('SIGKILL');
  await new Promise((resolve) => first.once('exit', resolve));
  // Start times come in hundredths of a second, all of which may have gone by in less.
  const second = await until('the same number for another, later', () => {
    writeFileSync(LAST_PID, String(group - 1));
    const child = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
    if (child.pid === group && processRow(group)!.startTime !== firstBegan) return child;
    child.kill('SIGKILL');
    return undefined;
  });
  onTestFinished(() => void second.kill('SIGKILL'));
  hangUp();
  await exit;
  expect(alive(second.pid!)).toBe(true);
});

function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]);
}

function canChoosePids(): boolean {
  try {
    writeFileSync(LAST_PID, readFileSync(LAST_PID, 'latin1').trim());
    return hasProc;
  } catch {
    return false;
  }
}
