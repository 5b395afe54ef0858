/** The shell start commands and hooks run in: bash as on the platform, else the system's POSIX shell. */
import { accessSync, constants } from 'node:fs';

export function findShell(): string {
  for (const shell of ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash', '/opt/homebrew/bin/bash']) {
    try {
      accessSync(shell, constants.X_OK);
      return shell;
    } catch {
      // Not here; the next place.
    }
  }
  return '/bin/sh';
}
