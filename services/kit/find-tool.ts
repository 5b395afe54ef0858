import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The absolute path of a program, looked for in the PATH of `env` only. */
export function findTool(name: string, env: Readonly<Record<string, string>>): string | undefined {
  return findTools(name, env).next().value ?? undefined;
}

/** All programs of that name, in the order of PATH. */
export function* findTools(
  name: string,
  env: Readonly<Record<string, string>>,
): Generator<string, undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    // A relative entry of PATH would mean "in the app's folder", which is not to be trusted.
    if (!isAbsolute(folder)) continue;
    const file = join(folder, name);
    if (isProgram(file)) yield file;
  }
  return undefined;
}

/** A file we may execute. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
