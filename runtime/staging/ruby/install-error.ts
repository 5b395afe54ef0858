/** Bundler's failure in the words of the person who has to do something about it. */
import { PaasError } from '../../kernel/errors.ts';
import { lastLines } from '../last-lines.ts';
import type { InstallContext, RunStep } from '../types.ts';

export function gemsError(
  context: InstallContext,
  { output, timedOut }: Awaited<ReturnType<RunStep>>,
): PaasError {
  const app = context.manifest.name;
  const details = { logLines: lastLines(output) };
  if (timedOut) return new PaasError('STAGING_FAILED', { app, message: 'Bundler took too long' }, details);
  const missing =
    /Could not find (?:compatible versions|gem '([^' ]+)|([\w.-]+)-[\d.]+(?:[^\n]*) in)/.exec(output) ??
    /requires[^\n]*\n[^\n]*\n\s*([\w.-]+)[^\n]*could not be found/.exec(output);
  const packages = [missing?.[1] ?? missing?.[2] ?? 'its gems'];
  if (
    /SocketError|Could not reach host|Network error|Connection refused|Net::OpenTimeout|getaddrinfo|Could not fetch specs/.test(
      output,
    )
  ) {
    const hint =
      'Check the network, the proxy and the source in the Gemfile, and push again; what was installed once is kept';
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages, message: 'the gem server could not be reached', hint },
      details,
    );
  }
  if (missing) {
    const message = context.offline
      ? 'not installed here, and --offline forbids to fetch it'
      : 'the gem server does not have it';
    return new PaasError(
      'STAGING_PACKAGE_MISSING',
      { app, packages, message, hint: 'Correct its name or version in the Gemfile' },
      details,
    );
  }
  const version = /Your Ruby version is ([^,\n]+), but your Gemfile specified ([^\n]+)/.exec(output);
  if (version) {
    const message = `the Gemfile asks for Ruby ${version[2]}, and PATH has ${version[1]}`;
    return new PaasError(
      'STAGING_FAILED',
      { app, message, hint: 'Put that Ruby on PATH, or loosen the line "ruby" in the Gemfile' },
      details,
    );
  }
  const native = /An error occurred while installing ([\w.-]+)/.exec(output)?.[1];
  const message = native
    ? `the gem ${native} could not be built`
    : `Bundler failed: ${lastLines(output, 1)[0] ?? ''}`;
  const hint = native
    ? 'It needs a compiler, and headers of Ruby and of the library it binds; on Debian or Ubuntu: build-essential ruby-dev'
    : undefined;
  return new PaasError('STAGING_FAILED', { app, message, ...(hint ? { hint } : {}) }, details);
}
