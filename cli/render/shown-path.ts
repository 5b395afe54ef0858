import { relative } from 'node:path';

/** As it is reached from the folder one stands in, where that is shorter. */
export function shownPath(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path !== '' && path.length < file.length ? path : file;
}
