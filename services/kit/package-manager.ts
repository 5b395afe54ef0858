/** The package manager of this system and the lines that install with it. Nothing is installed by us. */
import { findTool } from './find-tool.ts';

export type PackageManager = 'apt-get' | 'dnf' | 'apk' | 'pacman' | 'brew';

/** Names of what is wanted, as each package manager has it; a manager that does not have it is left out. */
export type PackageNames = Readonly<Partial<Record<PackageManager, string>>>;

const COMMANDS: Readonly<Record<PackageManager, string>> = {
  'apt-get': 'sudo apt-get install',
  dnf: 'sudo dnf install',
  apk: 'sudo apk add',
  pacman: 'sudo pacman -S',
  brew: 'brew install',
};

/** By what is on the PATH of `env`. */
export function packageManager(env: Readonly<Record<string, string>>): PackageManager | undefined {
  return (Object.keys(COMMANDS) as PackageManager[]).find((manager) => findTool(manager, env));
}

/** The line that installs these here. Undefined where the manager is not known, or does not have them. */
export function installLine(names: PackageNames, env: Readonly<Record<string, string>>): string | undefined {
  const manager = packageManager(env);
  const wanted = manager && names[manager];
  return wanted === undefined ? undefined : `${COMMANDS[manager!]} ${wanted}`;
}
