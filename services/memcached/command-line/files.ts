import { appendFileSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { systemMessage } from './system-message.ts';
import { uint32 } from '../protocol/numbers.ts';

type Say = (line: string) => void;

/** Tells whoever waits for `path` which ports were taken: it is whole when it appears. */
export function writePortFile(path: string, lines: readonly string[], say: Say): void {
  const lock = `${path}.lck`;
  try {
    appendFileSync(lock, lines.map((line) => `${line}\n`).join(''));
  } catch (error) {
    say(`Failed to open "${lock}": ${systemMessage(error)}`);
    return;
  }
  try {
    renameSync(lock, path);
  } catch (error) {
    say(`Failed to rename "${lock}": ${systemMessage(error)}`);
  }
}

export function writePidFile(path: string, pid: number, say: Say): void {
  const earlier = runningPid(path);
  if (earlier !== undefined) {
    say(`WARNING: The pid file contained the following (running) pid: ${earlier}`);
  }
  const temporary = `${path}.tmp`;
  try {
    writeFileSync(temporary, `${pid}\n`);
  } catch (error) {
    say(`Could not open the pid file ${temporary} for writing: ${systemMessage(error)}`);
    return;
  }
  try {
    renameSync(temporary, path);
  } catch (error) {
    say(`Could not rename the pid file from ${temporary} to ${path}: ${systemMessage(error)}`);
  }
}

export function removePidFile(path: string, say: Say): void {
  try {
    unlinkSync(path);
  } catch (error) {
    say(`Could not remove the pid file ${path}: ${systemMessage(error)}`);
  }
}

function runningPid(path: string): number | undefined {
  try {
    const pid = uint32(readFileSync(path, 'latin1').split('\n')[0]!);
    if (pid === undefined || pid === 0) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
