/** How a missing tool is installed on this system: the one table of such lines. */
import {
  installLine as installLineOf,
  packageManager,
  type PackageNames,
} from '../../services/kit/package-manager.ts';

/** Package names by tool, where a package manager has it. */
const PACKAGES = {
  python3: { 'apt-get': 'python3 python3-venv python3-pip', dnf: 'python3 python3-pip', brew: 'python' },
  'python3-venv': { 'apt-get': 'python3-venv', dnf: 'python3', brew: 'python' },
  'python3-pip': { 'apt-get': 'python3-pip', dnf: 'python3-pip', brew: 'python' },
  node: { 'apt-get': 'nodejs npm', dnf: 'nodejs', brew: 'node' },
  npm: { 'apt-get': 'npm', dnf: 'nodejs-npm', brew: 'node' },
  ruby: { 'apt-get': 'ruby-full', dnf: 'ruby', brew: 'ruby' },
  bundler: { 'apt-get': 'ruby-bundler', dnf: 'rubygem-bundler', brew: 'ruby' },
  php: { 'apt-get': 'php-cli', dnf: 'php-cli', brew: 'php' },
  composer: { 'apt-get': 'composer', dnf: 'composer', brew: 'composer' },
  go: { 'apt-get': 'golang-go', dnf: 'golang', brew: 'go' },
  java: { 'apt-get': 'default-jdk-headless', dnf: 'java-latest-openjdk-headless', brew: 'openjdk' },
  maven: { 'apt-get': 'maven', dnf: 'maven', brew: 'maven' },
  gradle: { 'apt-get': 'gradle', dnf: 'gradle', brew: 'gradle' },
} as const satisfies Record<string, PackageNames>;

export type Tool = keyof typeof PACKAGES;

/** The line that installs `tool` here. Undefined where the system's package manager is not known. */
export function installLine(tool: Tool, env: Readonly<Record<string, string>>): string | undefined {
  return installLineOf(PACKAGES[tool], env);
}

/** The line that installs packages named as this system names them. */
export function installPackagesLine(
  names: readonly string[],
  env: Readonly<Record<string, string>>,
): string | undefined {
  const manager = packageManager(env);
  return manager && installLineOf({ [manager]: names.join(' ') }, env);
}
