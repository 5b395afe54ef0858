/** A package manager's failure in the words of the person who has to do something about it. */
import { PaasError } from '../../kernel/errors.ts';
import type { InstallContext, RunStep } from '../types.ts';
import type { PackageManager } from './package-manager.ts';

const LAST_LINES = 40;

export function nodeInstallError(
  context: InstallContext,
  manager: PackageManager,
  result: Awaited<ReturnType<RunStep>>,
): PaasError {
  const app = context.manifest.name;
  const { output } = result;
  const details = { logLines: output.trimEnd().split('\n').slice(-LAST_LINES) };
  if (result.timedOut) {
    return new PaasError('STAGING_FAILED', { app, message: `${manager.name} took too long` }, details);
  }
  const missing = readMissing(output);
  if (missing) {
    return new PaasError('STAGING_PACKAGE_MISSING', { app, ...missing }, details);
  }
  if (isOutOfStep(output)) {
    return new PaasError(
      'STAGING_FAILED',
      {
        app,
        message: `package.json and ${manager.lock ?? 'the lock file'} do not match`,
        hint: `Run "${manager.name} install" in the app's folder and push again`,
      },
      details,
    );
  }
  return new PaasError(
    'STAGING_FAILED',
    { app, message: `${manager.name} failed: ${lastError(output)}` },
    details,
  );
}

const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|network request to|ERR_PNPM_META_FETCH_FAIL/;

function readMissing(output: string): { packages: string[]; message: string; hint: string } | undefined {
  const absent =
    first(output, /404[^\n]*?(?:registry[^\n]*\/)?([@\w][\w./%-]*)['"]? (?:is not in|- Not found)/i) ??
    first(output, /ERR_PNPM_FETCH_404[^\n]*\/([@\w][\w./%-]*):/);
  if (absent) {
    return {
      packages: [decodeName(absent)],
      message: 'the registry does not know it',
      hint: 'Correct its name in package.json, or the registry in .npmrc',
    };
  }
  const version = first(output, /No matching version found for (\S+?)\.?$/m);
  if (version) {
    return {
      packages: [version],
      message: 'no such version',
      hint: 'Ask for another version in package.json',
    };
  }
  if (/ENOTCACHED|ERR_PNPM_NO_OFFLINE/.test(output)) {
    return {
      packages: [requested(output)],
      message: 'not in the cache, and --offline forbids to fetch it',
      hint: 'Push once without --offline, with a network',
    };
  }
  if (UNREACHABLE.test(output)) {
    return {
      packages: [requested(output)],
      message: 'the registry could not be reached',
      hint: 'Check the network, the proxy and the registry in .npmrc, and push again',
    };
  }
  return undefined;
}

/** The package whose request failed, else all of them. */
const requested = (output: string): string => {
  const name = first(
    output,
    /(?:request to|GET|resource) https?:\/\/[^/\s]+\/(?:[\w-]+\/)*?((?:@|%40)?[\w.-]+(?:(?:\/|%2f)[\w.-]+)?)(?= failed|[\s:,]|$)/i,
  );
  return name ? decodeName(name) : 'its dependencies';
};

const decodeName = (name: string): string => name.replaceAll(/%40/gi, '@').replaceAll(/%2f/gi, '/');

const first = (text: string, pattern: RegExp): string | undefined => pattern.exec(text)?.[1];

const isOutOfStep = (output: string): boolean =>
  /can only install packages when your package\.json and|ERR_PNPM_OUTDATED_LOCKFILE|lockfile needs to be updated|lockfile would have been modified|lockfile had changes/.test(
    output,
  );

function lastError(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const errors = lines.filter(
    (line) => /\b(?:error|ERR!?|ERR_\w+)\b/i.test(line) && !/complete log/.test(line),
  );
  return (errors[0] ?? lines.at(-1) ?? 'no output').replace(/^npm (?:error|ERR!) /, '').slice(0, 300);
}
