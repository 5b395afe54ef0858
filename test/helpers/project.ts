/** A folder in which this package is installed, as a user's is, with the runners it is used with. */
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { appFolder, newHome, type Outcome } from './cli.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const RUN_MS = 110_000;

/** The start counts as time of the first test, and a machine that is busy takes more than the five seconds there are. */
export const PATIENT = ['--testTimeout=30000', '--hookTimeout=30000'];

export interface Project {
  readonly folder: string;
  /** A program of `node_modules/.bin`, or one on PATH. */
  run(file: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>;
}

/** @param packages of ours that are linked beside `paas-local` */
export function project(
  files: Readonly<Record<string, string>>,
  packages: readonly string[] = ['vitest'],
): Project {
  const folder = appFolder(files);
  return linked(folder, packages);
}

export function linked(folder: string, packages: readonly string[]): Project {
  const link = (name: string, target: string): void => {
    const path = join(folder, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  };
  link('paas-local', root);
  link('.bin/paas-local', join(root, 'dist/cli/main.cjs'));
  for (const name of packages) link(name, join(root, 'node_modules', name));
  return installed(folder);
}

/** Of a folder that has it already. */
export function installed(folder: string): Project {
  const home = newHome();
  return {
    folder,
    run: (file, args, env = {}) =>
      new Promise((resolve) => {
        const PATH = `${join(folder, 'node_modules/.bin')}:${join(root, 'node_modules/.bin')}:${home.env.PATH}`;
        const child = execFile(
          file,
          args,
          {
            cwd: folder,
            env: { ...home.env, PATH, CI: 'true', ...env },
            timeout: RUN_MS,
            maxBuffer: 2 ** 26,
          },
          (_error, stdout, stderr) =>
            resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
        );
        onTestFinished(() => void child.kill('SIGKILL'));
      }),
  };
}
