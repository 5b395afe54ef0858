/** Composer's failure in the words of the person who has to do something about it. */
import { PaasError } from '../../kernel/errors.ts';
import { lastLines } from '../last-lines.ts';
import type { InstallContext, RunStep } from '../types.ts';

export function composerError(
  context: InstallContext,
  { output, timedOut }: Awaited<ReturnType<RunStep>>,
): PaasError {
  const app = context.manifest.name;
  const details = { logLines: lastLines(output) };
  if (timedOut) return new PaasError('STAGING_FAILED', { app, message: 'Composer took too long' }, details);
  const name =
    /requires ([\w.-]+\/[\w.-]+)/.exec(output)?.[1] ??
    /packages?\/([\w.-]+\/[\w.-]+?)(?:~dev)?\.json/.exec(output)?.[1];
  const packages = [name ?? 'its dependencies'];
  if (/Network disabled/.test(output)) {
    const message = 'not in the cache, and --offline forbids to fetch it';
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages, message, hint: 'Push once without --offline, with a network' },
      details,
    );
  }
  if (
    /curl error|Could not resolve host|Connection refused|Operation timed out|could not be downloaded/.test(
      output,
    )
  ) {
    const hint = 'Check the network, the proxy and the repositories in composer.json, and push again';
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages, message: 'the package index could not be reached', hint },
      details,
    );
  }
  if (/could not be found|found .* but (?:it does|these do) not match/.test(output)) {
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      {
        app,
        packages,
        message: 'the package index does not have it, or not in that version',
        hint: 'Correct it in composer.json',
      },
      details,
    );
  }
  const line =
    output
      .split('\n')
      .findLast((one) => one.trim() !== '')
      ?.trim() ?? 'no output';
  return new PaasError('STAGING_FAILED', { app, message: `Composer failed: ${line}` }, details);
}
