/** Says it when the Node that will run the app is not the one package.json asks for. */
import { realpathSync } from 'node:fs';
import { findTool } from '../../../services/kit/find-tool.ts';
import type { InstallContext } from '../types.ts';
import { readPackage } from './package-json.ts';
import { satisfies } from './version-range.ts';

const VERSION_TIMEOUT_MS = 5_000;

export async function checkEngine(context: InstallContext): Promise<void> {
  const range = readPackage(context.source).value?.nodeRange;
  if (!range) return;
  const version = await nodeVersion(context);
  if (version && satisfies(version, range) === false) {
    context.log(`package.json asks for Node ${range}; running on ${version}, which is what PATH has`, 'ERR');
  }
}

async function nodeVersion(context: InstallContext): Promise<string | undefined> {
  const file = findTool('node', context.toolEnv);
  if (!file || realpathSync(file) === realpathSync(process.execPath)) return process.versions.node;
  const { code, output } = await context.run({
    file,
    args: ['--version'],
    cwd: context.cacheDir,
    env: context.toolEnv,
    timeoutMs: VERSION_TIMEOUT_MS,
    quiet: true,
  });
  return code === 0 ? output.trim().replace(/^v/, '') : undefined;
}
