/** `push`: manifest → running apps. Attached it stays, shows the logs and takes the apps along when it goes. */
import type { HeldElsewhere } from '../../runtime/control/protocol.ts';
import type { PlatformEvent } from '../../runtime/events.ts';
import { toolEnv } from '../../runtime/env/shell-env.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import type { Manifest } from '../../runtime/manifest/types.ts';
import { readBinds } from '../../runtime/platform/binds.ts';
import type { ManifestReading } from '../../runtime/platform/read-source.ts';
import type { AppSnapshot, Snapshot } from '../../runtime/snapshot.ts';
import { peekRecord } from '../../runtime/state/record.ts';
import { portOption, tlsPortOption, type Context } from '../context.ts';
import { wantsTls, type PushChoices } from '../manifest-options.ts';
import { manifestInvalid, manifestSource, showDiagnostics } from '../manifest-source.ts';
import { readAndConnect } from '../read-manifest.ts';
import { readyFile } from '../ready-file.ts';
import { renderEvent } from '../render/reporter.ts';
import { shownPath } from '../render/shown-path.ts';
import { harmless, terminalDevice } from '../render/terminal.ts';
import { killAll, runsOn, stopAll, cutShort } from '../let-go.ts';
import { untilSignal } from '../signals.ts';
import { hostEnds, watchStops } from '../stops.ts';
import { shellOf } from '../which-app.ts';

export interface PushOptions extends PushChoices {
  readonly dryRun?: boolean;
  readonly port?: string;
  readonly strictPorts?: boolean;
  readonly detach?: boolean;
  /** False with `--no-start`. */
  readonly start: boolean;
  readonly attach?: string;
  readonly debug?: boolean;
  readonly debugBreak?: boolean;
  readonly debugProcess?: string;
  /** Milliseconds. */
  readonly maxBackoff?: number;
}

export async function push(
  context: Context,
  names: readonly string[],
  options: PushOptions,
): Promise<number> {
  const { terminal, json } = context;
  const wishes = {
    port: portOption(options.port, context.env),
    strictPorts: options.strictPorts === true,
    asked: options.port !== undefined,
  };
  if (options.dryRun) return (await import('./plan.ts')).plan(context, names, options);
  const attach = options.attach === undefined ? undefined : attachment(context, options);
  const asked = manifestSource(context, names, options);
  const tlsPort = tlsPortOption(options.tlsPort, context.env);
  const router = {
    ...wishes,
    ...(wantsTls(options) ? { tls: { port: tlsPort, asked: options.tlsPort !== undefined } } : {}),
  };
  const met = await readAndConnect(context, asked, {
    ...wishes,
    tlsPort,
    coming: 'push',
    prompt: options.prompt,
  });
  using client = met.client;
  const manifest = checked(context, met.reading);
  const source = { ...asked, answers: met.reading.answers };
  const apps = manifest.apps.map(({ name }) => name as string);
  client.onEvent = (event) => show(event, context, apps);
  client.onDropped = (count) =>
    terminal.err(terminal.paint.yellow(`${count} events were left out: this terminal reads too slowly`));
  // What does not run belongs to no terminal.
  const detached = options.detach === true || !options.start;
  const hooks = new AbortController();
  const ready = readyFile(context, options.readyFile);
  let underWay = true;
  let held: readonly HeldElsewhere[] = [];
  const handling = {
    onFirst: async (signal: NodeJS.Signals) => {
      hooks.abort(new PaasError('CANCELLED', { reason: 'the push' }));
      // Whoever lets go of a push takes back what it has not brought up; of what is up, it holds nothing.
      if (underWay && detached) return cutShort(client, context, signal);
      await stopAll(client, apps, { context, signal, underWay, held });
    },
    onSecond: () => killAll(client, apps),
    // A push with --detach is for whoever asks later, so it goes on unread.
    output: detached ? undefined : context.world.output.unread,
  };
  const life = async (): Promise<void> => {
    if (manifest.apps.some((app) => app.hooks.prePush.length > 0))
      await prePush(context, manifest, hooks.signal);
    const stops = watchStops(client, apps);
    const pushed = await client.call('push', {
      manifest,
      source,
      toolEnv: toolEnv(shellOf(context)),
      detached,
      router,
      ...(options.staged ? { fromCopy: true } : {}),
      ...(options.strategy ? { strategy: options.strategy } : {}),
      ...(attach ? { attach } : {}),
      ...debugging(options),
      ...(options.start ? {} : { noStart: true }),
      ...(options.maxBackoff === undefined ? {} : { maxBackoffMs: options.maxBackoff }),
      binds: await readBinds(manifest, options.bind),
      allowMissingServices: options.allowMissingServices === true,
    });
    underWay = false;
    held = pushed.heldElsewhere;
    ready.write(summary(pushed.apps, pushed.snapshot));
    if (json) terminal.out(JSON.stringify(summary(pushed.apps, pushed.snapshot)));
    else for (const line of closing(pushed.apps, detached ? undefined : held)) terminal.out(line);
    if (!detached) await Promise.race([stops.all(), hostEnds(client, context)]);
  };
  const end = await untilSignal(life(), handling).finally(() => detached || ready.remove());
  return 'exitCode' in end ? end.exitCode : 0;
}

/** @throws PaasError `USAGE` where there is no terminal to give away */
function attachment({ json }: Context, { attach = 'web', detach }: PushOptions) {
  const terminal = terminalDevice();
  const problem =
    detach === true
      ? 'a push with --detach leaves its terminal'
      : json
        ? 'with --json the output is ours'
        : terminal === undefined
          ? 'standard input is no terminal'
          : undefined;
  if (problem !== undefined || terminal === undefined)
    throw new PaasError('USAGE', { message: `Cannot give process "${attach}" the terminal: ${problem}` });
  return { process: attach, terminal };
}

/** Each of the three flags asks for it. */
function debugging({ debug, debugBreak: pause = false, debugProcess: process }: PushOptions) {
  if (!debug && !pause && process === undefined) return {};
  return { debug: { pause, ...(process === undefined ? {} : { process }) } };
}

/** @throws PaasError `MANIFEST_INVALID` with every mistake */
function checked(context: Context, reading: ManifestReading): Manifest {
  const { terminal, json } = context;
  const { manifest, diagnostics } = reading;
  if (!manifest) throw manifestInvalid(reading);
  if (json) return manifest;
  showDiagnostics(context, diagnostics);
  const apps = manifest.apps.map(({ name }) => terminal.paint.bold(name)).join(', ');
  terminal.out(
    `Pushing ${apps} from ${shownPath(manifest.file, context.cwd)} (${manifest.dialect}: ${manifest.dialectBecause})`,
  );
  return manifest;
}

async function prePush(context: Context, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const { runPrePush } = await import('../../runtime/platform/pre-push.ts');
  const { terminal, json, paths } = context;
  const known = peekRecord(paths.record)?.apps ?? {};
  await runPrePush({
    apps: manifest.apps,
    exists: (name) => Object.hasOwn(known, name),
    shellEnv: shellOf(context),
    signal,
    say: (text) => terminal[json ? 'err' : 'out'](`pushing: ${harmless(text, terminal.colour)}`),
  });
}

/** Under `--json` nothing but the one object goes to standard output. */
function show(event: PlatformEvent, { terminal, json }: Context, apps: readonly string[]): void {
  if (!json) renderEvent(event, terminal, apps);
}

function summary(apps: readonly AppSnapshot[], snapshot: Snapshot) {
  const names = new Set(apps.flatMap(({ services }) => services));
  return {
    space: snapshot.space,
    host: snapshot.host,
    router: snapshot.router,
    apps,
    services: snapshot.services.filter(({ name }) => names.has(name)),
    url: apps.flatMap(({ urls }) => urls)[0] ?? null,
  };
}

/** The URL comes last, where it is looked for. @param held of a push that stays: what it does not end */
function closing(apps: readonly AppSnapshot[], held: readonly HeldElsewhere[] | undefined): string[] {
  const lines = apps.flatMap((app) => {
    const bound = app.services.length > 0 ? ` with ${app.services.join(', ')}` : '';
    if (app.requestedState === 'stopped')
      return [`${app.name} is pushed and not started; start it with: paas-local start ${app.name}`];
    return [`${app.name} runs${bound}`];
  });
  if (held) {
    const own = apps.map(({ name }) => name).filter((name) => !held.some(({ app }) => app === name));
    const stops = held.length === 0 ? 'stops it' : own.length === 0 ? 'lets go' : `stops ${own.join(', ')}`;
    lines.push([`Its log follows; Ctrl-C ${stops}`, ...held.map(runsOn)].join('; '));
  }
  const running = apps.filter(({ requestedState }) => requestedState === 'started');
  const urls = running.flatMap(({ urls }) => urls.slice(0, 1));
  return [...lines, ...urls];
}
