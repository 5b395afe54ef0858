/**
 * Files that whoever started us left open by accident, as the lock of `exec 200>lock; flock 200; …`. A process
 * that outlives its starter, and hands them on to every app, would hold such a lock for days.
 */
import { closeSync, readdirSync, readFileSync } from 'node:fs';

const FIRST_OTHER = 3;
const O_CLOEXEC = 0o2000000;

/**
 * Open files that programs started by us would inherit, besides the three standard ones. Node opens all of its own
 * with close-on-exec and marks those it finds, but stops looking at the first gap above 15. Linux only.
 */
export function inheritedFiles(): readonly number[] {
  return openFiles().filter((fd) => fd >= FIRST_OTHER && !closesOnExec(fd));
}

/** Linux only. For a process of our own that begins its life; a library must not close files of its embedder. */
export function closeInheritedFiles(): void {
  for (const fd of inheritedFiles()) {
    try {
      closeSync(fd);
    } catch {
      // was the one used to read the list
    }
  }
}

function openFiles(): readonly number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number);
  } catch {
    return []; // no /proc here
  }
}

function closesOnExec(fd: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
    return flags === undefined || (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
  } catch {
    return true; // closed meanwhile
  }
}
