/** A failed install as an error: what could not be had, why, and the ways on. */
import { PaasError } from '../../kernel/errors.ts';
import { packageManager } from '../../../services/kit/package-manager.ts';
import { installPackagesLine } from '../tool-hints.ts';
import type { InstallContext, RunStep } from '../types.ts';
import { debianName } from './debian-names.ts';
import { readFailure, type PackageReason } from './failure.ts';
import type { Interpreter } from './interpreter.ts';

const LAST_LINES = 40;

export function installError(
  context: InstallContext,
  interpreter: Interpreter,
  result: Awaited<ReturnType<RunStep>>,
): PaasError {
  const app = context.manifest.name;
  const details = { logLines: result.output.trimEnd().split('\n').slice(-LAST_LINES) };
  if (result.timedOut) {
    return new PaasError(
      'STAGING_FAILED',
      { app, message: 'installing its requirements took too long' },
      details,
    );
  }
  const failure = readFailure(result.output, context.offline === true);
  switch (failure.kind) {
    case 'package': {
      const packages = failure.packages.length > 0 ? failure.packages : ['its requirements'];
      const hint = packageHint(context, interpreter, failure.packages, failure.reason);
      return new PaasError(
        'STAGING_PACKAGE_MISSING',
        { app, packages, message: failure.message, hint },
        details,
      );
    }
    case 'build':
      return new PaasError(
        'STAGING_FAILED',
        { app, message: failure.message, ...(failure.hint ? { hint: failure.hint } : {}) },
        details,
      );
    case 'other':
      return new PaasError(
        'STAGING_FAILED',
        { app, message: `installing its requirements failed: ${failure.message}` },
        details,
      );
  }
}

function packageHint(
  context: InstallContext,
  interpreter: Interpreter,
  packages: readonly string[],
  reason: PackageReason,
): string {
  switch (reason) {
    case 'absent':
      return 'Correct the name in the requirements';
    case 'version':
      return `Ask for another version, or for a Python that version is made for (this one is ${interpreter.version.join('.')})`;
    case 'conflict':
      return 'Loosen one of the versions named above';
    case 'unreachable':
    case 'offline': {
      const first =
        reason === 'offline'
          ? 'Push once without --offline, with a network; what was installed is kept and not fetched again'
          : 'Check the network, the proxy and the index (PIP_INDEX_URL) and push again; what was installed once is kept';
      return [first, ...systemPackages(context, interpreter, packages)].join('\n');
    }
  }
}

/** The system's packages help only its own Python, where its packages are seen. */
function systemPackages(
  context: InstallContext,
  interpreter: Interpreter,
  packages: readonly string[],
): readonly string[] {
  if (packageManager(context.toolEnv) !== 'apt-get') return [];
  const names = packages.flatMap((name) => debianName(name) ?? []);
  const line = names.length > 0 ? installPackagesLine(names, context.toolEnv) : undefined;
  if (!line) return [];
  const isSystems = interpreter.file.startsWith('/usr/bin/');
  const how = isSystems
    ? 'Python sees them'
    : `/usr/bin/python3 must come before ${interpreter.file} on PATH`;
  return [
    `Or use the packages of this system, if they are recent enough (${how}): ${line}; then push with --offline`,
  ];
}
