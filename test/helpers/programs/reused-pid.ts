/**
 * Run in a PID namespace of its own. A group is put on the guardian's record and dies, and a stranger gets its number;
 * then the guardian's owner is gone. Prints whether the stranger lived through that. The namespace ends all of them with
 * this process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { GUARDIAN_SCRIPT } from '../../../services/kit/guardian-script.ts';
import { processRow } from '../../../services/kit/process-table.ts';
import { alive, ignoresTerm, until } from '../alive.ts';

const LAST_PID = '/proc/sys/kernel/ns_last_pid';
const group = () => spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
const bytesRead = (pid: number) =>
  Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))![1]);

const first = group();
const number = first.pid!;
const began = processRow(number)!.startTime;
const guardian = spawn('sh', ['-c', GUARDIAN_SCRIPT, 'guardian', 'abcdefgh', '200'], {
  stdio: ['pipe', 'ignore', 'inherit'],
  detached: true,
});
await until('its first lines', () => ignoresTerm(guardian.pid!));
const before = bytesRead(guardian.pid!);
guardian.stdin.write(`+${number}\n`);
await until('the line and the start time to be read', () => bytesRead(guardian.pid!) > before + 100);
first.kill('SIGKILL');
await once(first, 'exit');
// Start times come in hundredths of a second: all of this may have gone by in less.
const second = await until('the same number for another, later', () => {
  writeFileSync(LAST_PID, String(number - 1));
  const child = group();
  if (child.pid === number && processRow(number)!.startTime !== began) return child;
  child.kill('SIGKILL');
  return undefined;
});
guardian.stdin.end();
await once(guardian, 'exit');
console.log(JSON.stringify({ sameNumber: second.pid === number, lives: alive(number) }));
process.exit();
