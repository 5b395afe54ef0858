/** Programs tests need that a machine may lack, and PATHs that lack them on purpose. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findTool } from '../../../services/kit/find-tool.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const env = process.env as Readonly<Record<string, string>>;

/** Why tests that install for Python cannot run here; undefined where they can. */
export const noPython: string | undefined = (() => {
  if (!findTool('python3', env)) return 'python3 is not on PATH';
  try {
    execFileSync('python3', ['-c', 'import venv, pip'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'python3 has no venv or no pip';
  }
})();

export const noUv: string | undefined = findTool('uv', env) ? undefined : 'uv is not on PATH';

/** The real interpreter, past the shims of version managers. */
export const realPython = (): string =>
  execFileSync('python3', ['-c', 'import os, sys; print(os.path.realpath(sys._base_executable))'], {
    encoding: 'utf8',
  }).trim();

/** A folder for PATH that offers these programs under these names. */
export function pathOf(programs: Readonly<Record<string, string>>): string {
  const folder = join(tempDir('paas-local-bin-'), 'bin');
  mkdirSync(folder);
  for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(folder, name));
  return folder;
}

/** PATH without the folders that hold this program. */
export const pathWithout = (name: string): string =>
  (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !findTool(name, { PATH: folder }))
    .join(delimiter);
