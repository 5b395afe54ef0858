/** `exec -- COMMAND…`: a platform of its own around one command, whose exit code is the outcome. */
import { constants } from 'node:os';
import { basename } from 'node:path';
import { endMarked } from '../../services/kit/marked.ts';
import { RUN_VARIABLE } from '../../services/kit/guardian.ts';
import { runInForeground } from '../../services/kit/foreground.ts';
import type { PlatformEvent } from '../../runtime/events.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import type { StartOptions } from '../../runtime/testing/options.ts';
import type { Started } from '../../runtime/testing/start.ts';
import type { Context } from '../context.ts';
import type { ManifestOptions } from '../manifest-options.ts';
import { renderEvent } from '../render/reporter.ts';
import { untilSignal } from '../signals.ts';
import { shellOf } from '../which-app.ts';

export interface ExecOptions extends Omit<ManifestOptions, 'prompt'> {
  readonly app: readonly string[];
  readonly servicesOnly?: boolean;
  readonly inPlace?: boolean;
  readonly tls?: boolean;
  readonly service: readonly string[];
  readonly bind: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly keepOnFailure?: boolean;
  readonly verbose?: boolean;
}

const LEFTOVER_GRACE_MS = 500;

/** @returns the command's exit code, 128 and the signal's number for one that was ended by a signal */
export async function exec(
  context: Context,
  command: readonly string[],
  options: ExecOptions,
): Promise<number> {
  if (context.json)
    throw new PaasError('USAGE', { message: 'Cannot print JSON: what the command prints is the output' });
  const { terminal } = context;
  const quiet = { ...terminal, out: (line: string) => terminal.err(line) };
  const onEvent = (event: PlatformEvent): void => {
    if (options.verbose) renderEvent(event, quiet);
  };
  const cut = new AbortController();
  const { start } = await import('../../runtime/testing/start.ts');
  const around = { env: shellOf(context), cwd: context.cwd };
  const starting = start(startOptions(options, cut.signal), {
    startedAt: 'the command line',
    ours: true,
    byCommand: true,
    onUnheeded: (file, services) =>
      terminal.err(
        `${basename(file)}: "bind" is for pushes and not heeded here, so ${services.join(', ')} ${services.length === 1 ? 'gets an engine' : 'get engines'} of this run alone. To bind for this run: ${services.map((name) => `--bind ${name}=URL`).join(' ')}`,
      ),
    around,
    onEvent,
  });
  const begun = await untilSignal(starting, {
    onFirst: async () => {
      cut.abort(new PaasError('CANCELLED', {}));
      await starting.then(({ platform }) => platform.stop()).catch(() => {});
    },
    onSecond: async () => {},
  });
  if ('exitCode' in begun) return begun.exitCode;
  const { platform, inside } = begun.value;
  try {
    const code = await runCommand(context, command, options, begun.value);
    if (code !== 0) {
      if (!options.verbose) {
        await platform.settled();
        terminal.err(terminal.paint.dim(platform.debug()));
      }
      if (options.keepOnFailure) await keep(context, begun.value);
    }
    return code;
  } finally {
    await platform.stop();
    // What the command left running goes with everything else.
    await endMarked(RUN_VARIABLE, inside.guardian.runId, { graceMs: LEFTOVER_GRACE_MS });
  }
}

function startOptions(options: ExecOptions, signal: AbortSignal): StartOptions {
  const { path, manifest, dialect, varsFile } = options;
  return {
    ...(path === undefined ? {} : { folder: path }),
    ...(manifest === undefined ? {} : { manifest }),
    ...(dialect === undefined ? {} : { dialect }),
    ...(options.servicesOnly ? { apps: [] } : options.app.length > 0 ? { apps: options.app } : {}),
    env: Object.fromEntries(pairs(options.env)),
    services: Object.fromEntries(pairs(options.service).map(([name, type]) => [name, { type }])),
    bind: Object.fromEntries(pairs(options.bind)),
    vars: Object.fromEntries(pairs(options.var)),
    varsFiles: varsFile,
    staged: options.inPlace !== true,
    tls: options.tls === true,
    readyTimeout: options.timeout,
    signal,
  };
}

async function runCommand(
  context: Context,
  command: readonly string[],
  options: ExecOptions,
  { platform, inside }: Started,
): Promise<number> {
  const { commandSpec } = await import('../../runtime/testing/command-env.ts');
  const [app] =
    options.app.length > 0 ? options.app : inside.platform.snapshot().apps.map(({ name }) => name);
  const spec = commandSpec({
    inside,
    app: app!,
    apps: platform.apps,
    shellEnv: shellOf(context),
    extra: Object.fromEntries(pairs(options.env)),
    command,
  });
  const interactive = process.stdin.isTTY === true;
  const { code, signal } = await runInForeground({
    ...spec,
    cwd: context.cwd,
    passOnInterrupt: !interactive,
  });
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** Until Ctrl-C. */
async function keep({ terminal }: Context, { platform }: Started): Promise<void> {
  const places = platform.apps.map(({ name, url }) => `${name} at ${url}`);
  const services = platform.services.map(({ name, host, port }) => `${name} at ${host}:${port}`);
  terminal.err(`Kept for a look: ${[...places, ...services].join(', ')}. Ctrl-C ends it`);
  await untilSignal(new Promise<never>(() => {}), { onFirst: async () => {}, onSecond: async () => {} });
}

const pairs = (texts: readonly string[]): [string, string][] =>
  texts.map((text) => {
    const equals = text.indexOf('=');
    if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
    throw new PaasError('USAGE', { message: `Cannot read "${text}": it is not NAME=VALUE` });
  });
