/** From options to a platform that is ready. */
import { SERVICE_TYPES } from '../../services/index.ts';
import { Scope } from '../../services/kit/scope.ts';
import { toolEnv } from '../env/shell-env.ts';
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import type { Manifest } from '../manifest/types.ts';
import { boundInSettings } from '../platform/binds.ts';
import { authorityFiles } from '../tls/files.ts';
import { Platform } from '../platform.ts';
import { describeMs } from '../platform/words.ts';
import type { PushRequest } from '../platform.ts';
import { checkOptions } from './check-options.ts';
import type { Inside } from './inside.ts';
import { readFor } from './manifest-source.ts';
import type { StartOptions } from './options.ts';
import { openPrivateSpace } from './private-space.ts';
import { surroundings, type Surroundings } from './surroundings.ts';
import { TestApp } from './test-app.ts';
import { TestPlatform } from './test-platform.ts';
import { TestService } from './test-service.ts';
import { describeEvent, Timeline } from './timeline.ts';
import { told } from './told.ts';

const READY_MS = 60_000;
const GRACE_MS = 2000;
const SHOWN_LINES = 40;

export interface Started {
  readonly platform: TestPlatform;
  readonly inside: Inside;
}

export interface Starting {
  /** `file:line:column` of whoever asked for it. */
  readonly startedAt: string;
  /** Default: those of this process. */
  readonly around?: Surroundings;
  /** It is stopped by us whatever happens, so nobody needs to be told that they forgot to. */
  readonly ours?: boolean;
  /** The options were flags, and failures are thrown as they are: the command shows hint, mistakes and log lines itself. */
  readonly byCommand?: boolean;
  /** Told of services that have a line under `bind` in `paas-local.yml`, which is not heeded. */
  readonly onUnheeded?: (file: string, services: readonly string[]) => void;
  /** Told once what is waited for, when the start takes longer than this. */
  readonly slow?: { readonly afterMs: number; readonly tell: (waiting: string) => void };
  /** Told of every event from the beginning. */
  readonly onEvent?: (event: PlatformEvent) => void;
}

/** @throws PaasError as told to a test, or as it is where `byCommand` */
export async function start(options: StartOptions, starting: Starting): Promise<Started> {
  const { startedAt, around = surroundings(), ours = false, byCommand = false, slow, onEvent } = starting;
  const tell = (error: unknown): unknown => (byCommand ? error : told(error, startedAt));
  const startedBy = byCommand ? 'exec' : 'code';
  try {
    if (!byCommand) checkOptions(options, around.cwd);
  } catch (error) {
    throw tell(error);
  }
  const { readyTimeout = READY_MS, signal: outer } = options;
  const tls = options.tls === true && options.apps?.length !== 0;
  const scope = new Scope();
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(TOO_SLOW), readyTimeout);
  const cut = (): void => over.abort(outer?.reason);
  outer?.addEventListener('abort', cut, { once: true });
  const timeline = new Timeline(options.record !== false);
  let platform: Platform | undefined;
  const reminder =
    slow && setTimeout(() => slow.tell(tooSlow(slow.afterMs, timeline, platform).message), slow.afterMs);
  let stopped = false;
  try {
    outer?.throwIfAborted();
    const space = scope.use(await openPrivateSpace(around, { mayTell: !ours }));
    const { manifest, source } = await readFor(options, around, space.folder, startedBy);
    await tellUnheeded(manifest, options, starting);
    platform = scope.use(
      new Platform({
        paths: space.paths,
        guardian: space.guardian,
        serviceTypes: SERVICE_TYPES,
        port: 0,
        tlsPort: 0,
        strictPorts: false,
        graceMs: options.grace ?? GRACE_MS,
        keepServices: true,
        temporary: true,
        sameThread: true,
        relays: true,
        onRequest: (request) => timeline.request(request),
        ...(around.env.PATH === undefined ? {} : { searchPath: around.env.PATH }),
      }),
    );
    const running = platform;
    scope.use(
      running.subscribe((event) => {
        timeline.event(event);
        onEvent?.(event);
      }),
    );
    const inside: Inside = {
      recording: options.record !== false,
      bound: new Set(Object.keys(options.bind ?? {})),
      platform: running,
      guardian: space.guardian,
      timeline,
      complains: !ours,
      startedAt,
      folder: space.folder,
      get door() {
        const { port = 0, tlsPort = 0 } = running.snapshot().router ?? {};
        return tls ? `https://127.0.0.1:${tlsPort}` : `http://127.0.0.1:${port}`;
      },
      ...(tls ? { caFile: authorityFiles(space.paths.home).certificate } : {}),
      live(what) {
        if (stopped) throw tell(new PaasError('PLATFORM_STOPPED', { what, startedAt }));
        return running;
      },
      told: tell,
    };
    const request: PushRequest = {
      manifest,
      source,
      toolEnv: toolEnv(around.env),
      detached: true,
      binds: options.bind ?? {},
      fromCopy: options.staged !== false,
      ...(tls
        ? { router: { port: 0, strictPorts: false, asked: false, tls: { port: 0, asked: false } } }
        : {}),
    };
    const services = [
      ...new Set(manifest.apps.flatMap((app) => app.services.map(({ name }) => String(name)))),
    ];
    const apps: TestApp[] = [];
    if (options.apps?.length === 0) await running.startServices(request, over.signal);
    else {
      await running.push(request, over.signal);
      for (const { name } of manifest.apps) apps.push(new TestApp(name, await running.ownUrl(name), inside));
    }
    over.signal.throwIfAborted();
    const ready = await new TestPlatform(inside, {
      apps,
      services: services.map((name) => new TestService(name, inside)),
      close: async () => {
        stopped = true;
        outer?.removeEventListener('abort', stopLater);
        await scope.close();
      },
    }).ready();
    const stopLater = (): void => void ready.stop().catch(() => {});
    outer?.addEventListener('abort', stopLater, { once: true });
    return { platform: ready, inside };
  } catch (error) {
    const failure = over.signal.reason === TOO_SLOW ? tooSlow(readyTimeout, timeline, platform) : error;
    await scope.close().catch(() => {});
    throw tell(outer?.aborted ? outer.reason : inTheWordsOf(startedBy, failure));
  } finally {
    clearTimeout(timer);
    clearTimeout(reminder);
    outer?.removeEventListener('abort', cut);
  }
}

/** A hint that names flags of a push, or the space that is gone, is no next step here. */
function inTheWordsOf(startedBy: 'exec' | 'code', error: unknown): unknown {
  if (!(error instanceof PaasError)) return error;
  const { code, facts, diagnostics, logLines, cause, hint, stack } = error;
  const respelt = new PaasError(code, { ...facts, startedBy }, { diagnostics, logLines, cause });
  if (respelt.hint === hint) return error;
  if (stack !== undefined) respelt.stack = stack;
  return respelt;
}

/** Said once per start, since a push of the same manifest would use another engine. */
async function tellUnheeded(
  manifest: Manifest,
  { bind = {} }: StartOptions,
  { onUnheeded }: Starting,
): Promise<void> {
  if (!onUnheeded) return;
  const { file, services } = await boundInSettings(manifest);
  const unheeded = services.filter((name) => !(name in bind));
  if (unheeded.length > 0) onUnheeded(file, unheeded);
}

const TOO_SLOW = new PaasError('CANCELLED', { reason: 'it was not ready in time' });

/** What was waited for, and what was seen instead. */
function tooSlow(ms: number, timeline: Timeline, platform: Platform | undefined): PaasError {
  const { apps = [], services = [] } = platform?.snapshot() ?? {};
  const waiting = apps.find(({ state }) => state !== 'started');
  const missing = services.filter(({ state }) => state !== 'running').map(({ name }) => `service "${name}"`);
  const lastEvent = timeline.events.at(-1);
  const lines = waiting ? timeline.lines(waiting.name) : [];
  return new PaasError(
    'READY_TIMEOUT',
    {
      within: describeMs(ms),
      waitedFor: waiting ? `app "${waiting.name}" to be ready` : (missing[0] ?? 'the platform to be ready'),
      seen: lastEvent ? `last: ${describeEvent(lastEvent)}` : 'nothing yet',
    },
    { logLines: lines.slice(-SHOWN_LINES).map(({ text }) => text) },
  );
}
