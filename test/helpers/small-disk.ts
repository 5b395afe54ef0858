import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { onTestFinished } from 'vitest';

export interface SmallDisk {
  /** @param size of the whole of it, in KB */
  grow(size: number): void;
}

/** A disk of so many KB in place of a folder, until the test ends; or, printed as well, why there can be none. */
export function smallDisk(folder: string, size: number): SmallDisk | string {
  const mount = (options: string) =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', `${options},mode=700`, 'none', folder], { encoding: 'utf8' });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (process.platform !== 'linux') return told('disks are mounted for tests on Linux only');
  const { status, stderr } = mount(`size=${size}k`);
  if (status !== 0) return told(`no disk can be mounted here: ${stderr.trim()}`);
  onTestFinished(() => void spawnSync('umount', ['--lazy', folder]));
  return { grow: (more) => void mount(`remount,size=${more}k`) };
}

function told(reason: string): string {
  console.log(`not tested: ${reason}`);
  return reason;
}
