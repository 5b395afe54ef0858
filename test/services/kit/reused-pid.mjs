/**
 * Run in a PID namespace of its own: `unshare --pid --fork --kill-child --mount-proc node reused-pid.mjs SCRIPT`. A group
 * is put on the guardian's record and dies, and a stranger gets its number; then the guardian's owner is gone. Prints
 * whether the stranger lived through that. The namespace ends all of them with this process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LAST_PID = '/proc/sys/kernel/ns_last_pid';
const group = () => spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
/** Fields of `/proc/PID/stat` from the state on, the third. */
const stat = (pid) =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
const startTime = (pid) => stat(pid)[19];
const bytesRead = (pid) => Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))[1]);
const ignoresTerm = (pid) => {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1];
  return (BigInt(`0x${mask}`) & (1n << 14n)) !== 0n;
};
const until = async (look) => {
  for (;;) {
    const found = look();
    if (found) return found;
    await sleep(5);
  }
};

const first = group();
const [number, began] = [first.pid, startTime(first.pid)];
const guardian = spawn('sh', ['-c', process.argv[2], 'guardian', 'abcdefgh', '200'], {
  stdio: ['pipe', 'ignore', 'inherit'],
  detached: true,
});
await until(() => ignoresTerm(guardian.pid));
const before = bytesRead(guardian.pid);
guardian.stdin.write(`+${number}\n`);
await until(() => bytesRead(guardian.pid) > before + 100);
first.kill('SIGKILL');
await once(first, 'exit');
// Start times come in hundredths of a second: all of this may have gone by in less.
const second = await until(() => {
  writeFileSync(LAST_PID, String(number - 1));
  const child = group();
  if (child.pid === number && startTime(number) !== began) return child;
  child.kill('SIGKILL');
  return undefined;
});
guardian.stdin.end();
await once(guardian, 'exit');
console.log(JSON.stringify({ sameNumber: second.pid === number, lives: !/[ZX]/.test(stat(number)[0]) }));
process.exit();
