/** How busy a core was with others' work: a round that had to share its cores says nothing. */
import { readFileSync } from 'node:fs';
import { LOAD_CORE, SERVER_CORE } from './servers.ts';

const TICKS_PER_SECOND = 100;

interface CoreTimes {
  readonly at: number;
  readonly busy: readonly number[];
  readonly own: number;
}

/**
 * Begins to watch; the function it gives tells which share of the time the two cores spent on anything but
 * the server and the load generator. 0 where the system does not tell.
 * @param serverPid
 * @param loadSeconds CPU seconds of the load generator, to be subtracted at the end
 */
export function watchCores(serverPid: number): (loadSeconds: number) => number {
  const before = read(serverPid);
  return (loadSeconds) => {
    const after = read(serverPid);
    if (!before || !after) return 0;
    const seconds = (after.at - before.at) / 1000;
    const busy = after.busy.reduce((sum, ticks, core) => sum + ticks - before.busy[core]!, 0);
    const others = (busy - (after.own - before.own)) / TICKS_PER_SECOND - loadSeconds;
    return Math.max(0, others / (2 * seconds));
  };
}

function read(pid: number): CoreTimes | undefined {
  try {
    const stat = readFileSync('/proc/stat', 'utf8');
    const busy = [SERVER_CORE, LOAD_CORE].map((core) => {
      const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
        new RegExp(`^cpu${core} (.*)$`, 'm').exec(stat)?.[1] ?? ''
      )
        .split(' ')
        .map(Number);
      return user + nice + system + irq + softirq + steal;
    });
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return { at: performance.now(), busy, own: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}
