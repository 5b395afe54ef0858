/** A failed Maven or Gradle build in the words of the person who has to do something about it. */
import { PaasError } from '../../kernel/errors.ts';
import { lastLines } from '../last-lines.ts';
import type { InstallContext, RunStep } from '../types.ts';
import type { BuildTool } from './build-tool.ts';

export function mavenError(
  context: InstallContext,
  tool: BuildTool,
  { output, timedOut }: Awaited<ReturnType<RunStep>>,
): PaasError {
  const app = context.manifest.name;
  const details = { logLines: lastLines(output) };
  if (timedOut)
    return new PaasError('STAGING_FAILED', { app, message: `${tool.name} took too long` }, details);
  const artifact =
    /(?:Could not (?:find|resolve|transfer)(?: artifact| all)?|Could not find|plugin) ([\w.-]+:[\w.-]+(?::[\w.-]+)*)/i.exec(
      output,
    )?.[1];
  const packages = [artifact ?? 'its dependencies'];
  if (/offline mode/i.test(output)) {
    const message = 'not downloaded yet, and --offline forbids to fetch it';
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages, message, hint: 'Push once without --offline, with a network' },
      details,
    );
  }
  if (
    /Unknown host|UnknownHostException|Name or service not known|Connection refused|Connect(?:ion)? timed out|Connect to \S+ .*failed/i.test(
      output,
    )
  ) {
    const hint = `Check the network, the proxy and the repositories of ${tool.name}, and push again`;
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages, message: 'the repository could not be reached', hint },
      details,
    );
  }
  if (artifact) {
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages, message: 'the repository does not have it', hint: `Correct it in ${tool.file}` },
      details,
    );
  }
  const first = output
    .split('\n')
    .find((line) => /(?:ERROR|error:|FAILED)/.test(line))
    ?.replace(/^\[ERROR\]\s*/, '')
    .trim();
  return new PaasError(
    'STAGING_FAILED',
    { app, message: `${tool.name} failed: ${first ?? lastLines(output, 1)[0] ?? ''}` },
    details,
  );
}
