import { readdirSync, readFileSync } from 'node:fs';

/** Neither gone nor waiting to be reaped by whoever inherited it. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** Processes that carry this folder in their environment or arguments: app, host, guardian, all. None where there is no /proc. */
export function survivors(folder: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const [environ, command] = ['environ', 'cmdline'].map((file) =>
        readFileSync(`/proc/${name}/${file}`, 'latin1'),
      );
      const ours = `${environ}${command}`.includes(folder) && isRunning(Number(name));
      return ours ? [`${name} ${command!.replaceAll('\0', ' ')}`] : [];
    } catch {
      return []; // gone while we looked
    }
  });
}
