/** System packages a manifest asks for are reported, never installed: a laptop is not a container. */
import { findTool } from '../../services/kit/find-tool.ts';
import { installPackagesLine } from './tool-hints.ts';
import type { InstallContext } from './types.ts';

const CHECK_TIMEOUT_MS = 10_000;
const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]*$/i;

/** Says which of the manifest's system packages are not here, and how to get them. */
export async function reportSystemPackages(context: InstallContext): Promise<void> {
  const { requirements } = context.manifest;
  for (const manager of ['ubuntu', 'redhat', 'unix'] as const) {
    const names = requirements.system.filter((one) => one.manager === manager).map((one) => one.name);
    const missing = await missingOf(names, context);
    if (missing.length === 0) continue;
    const packages = missing.filter((name) => PACKAGE_NAME.test(name));
    const line =
      manager === 'redhat' || packages.length === 0
        ? undefined
        : installPackagesLine(packages, context.toolEnv);
    context.log(
      `requirements.${manager}: ${missing.join(', ')} not found on this system and not installed by paas-local` +
        (line ? `; if the app needs them: ${line}` : ''),
      'ERR',
    );
  }
  for (const [key, names] of [
    ['cpan', requirements.cpan],
    ['ppm', requirements.ppm],
  ] as const) {
    if (names.length > 0)
      context.log(`requirements.${key}: ${names.join(', ')} not installed: Perl is not staged`, 'ERR');
  }
}

/** Names that are not installed. Without dpkg nothing can be told, and all are reported. */
async function missingOf(names: readonly string[], context: InstallContext): Promise<readonly string[]> {
  const query = findTool('dpkg-query', context.toolEnv);
  const askable = names.filter((name) => PACKAGE_NAME.test(name));
  if (!query || askable.length === 0) return names;
  const { output } = await context.run({
    file: query,
    args: ['--show', '--showformat', '${Package} ${db:Status-Status}\n', ...askable],
    cwd: '/',
    env: context.toolEnv,
    timeoutMs: CHECK_TIMEOUT_MS,
    quiet: true,
  });
  const installed = new Set(
    output.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ', 1)[0]!] : [])),
  );
  return names.filter((name) => !installed.has(name));
}
