/** A failed build in the words of the person who has to do something about it. */
import { PaasError } from '../../kernel/errors.ts';
import { lastLines } from '../last-lines.ts';
import type { InstallContext, RunStep } from '../types.ts';

export function buildError(
  context: InstallContext,
  { output, timedOut }: Awaited<ReturnType<RunStep>>,
): PaasError {
  const app = context.manifest.name;
  const details = { logLines: lastLines(output) };
  if (timedOut)
    return new PaasError('STAGING_FAILED', { app, message: 'building it took too long' }, details);
  const packages = [
    ...new Set([...output.matchAll(/(?:^|\s)([\w-]+(?:\.[\w-]+)+\/[\w./-]+)@/gm)].map((match) => match[1]!)),
  ];
  const named = packages.length > 0 ? packages : ['its modules'];
  if (/module lookup disabled by GOPROXY=off/.test(output)) {
    const hint = 'Push once without --offline, with a network; modules are kept';
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages: named, message: 'not downloaded yet, and --offline forbids to fetch it', hint },
      details,
    );
  }
  if (/dial tcp|no such host|i\/o timeout|connection refused/.test(output)) {
    const hint = 'Check the network and GOPROXY, and push again; modules are kept';
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages: named, message: 'the module proxy could not be reached', hint },
      details,
    );
  }
  const unknown = /no required module provides package ([^\s;]+)/.exec(output)?.[1];
  if (unknown) {
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      {
        app,
        packages: [unknown],
        message: 'go.mod does not list it',
        hint: 'Run "go mod tidy" in the app\'s folder',
      },
      details,
    );
  }
  if (/404 Not Found|unknown revision|410 Gone/.test(output)) {
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages: named, message: 'there is no such module or version', hint: 'Correct it in go.mod' },
      details,
    );
  }
  const first = output.split('\n').find((line) => /^\S+\.go:\d+/.test(line)) ?? lastLines(output, 1)[0] ?? '';
  return new PaasError('STAGING_FAILED', { app, message: `it does not compile: ${first}` }, details);
}
