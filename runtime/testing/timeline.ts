/** What happened since the last reset, of every kind, in one order. Bounded: the oldest goes first. */
import type { PlatformEvent } from '../events.ts';
import { formatLogHeader } from '../logs/format.ts';
import type { LogLine } from '../logs/types.ts';
import { describeFaultEvent } from '../platform/fault.ts';
import { describeEngineMoment, describeExit, describeMs } from '../platform/words.ts';
import type { RequestRecord } from '../router/types.ts';

export type TimedEvent = Exclude<PlatformEvent, { kind: 'log' }> & {
  /** Milliseconds since the epoch. */
  readonly at: number;
};

/** One request that went through the router, answered or not. */
export interface RecordedRequest {
  /** Milliseconds since the epoch of its first byte. */
  readonly at: number;
  readonly app: string | undefined;
  readonly method: string;
  readonly host: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  /** From the first byte of the request to the last of the answer. */
  readonly ms: number;
  readonly instance: number | undefined;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Why the router answered in the app's place. */
  readonly error: string | undefined;
}

/** `since` counts from the start of this process, by a clock that nobody sets. */
type Moment = { readonly since: number } & (
  | { readonly kind: 'event'; readonly event: TimedEvent }
  | { readonly kind: 'request'; readonly request: RecordedRequest }
  | { readonly kind: 'log'; readonly line: LogLine }
);

const MAX_MOMENTS = 5000;

export class Timeline {
  #moments: Moment[] = [];
  #dropped = 0;
  #began = { at: Date.now(), since: performance.now() };
  readonly #keepRequests: boolean;
  readonly #listeners = new Set<(line: LogLine) => void>();

  constructor(keepRequests: boolean) {
    this.#keepRequests = keepRequests;
  }

  event(event: PlatformEvent): void {
    if (event.kind !== 'log') {
      this.#add({ kind: 'event', since: performance.now(), event: { ...event, at: Date.now() } });
      return;
    }
    const { line } = event;
    this.#add({ kind: 'log', since: performance.now(), line });
    for (const listener of this.#listeners) listener(line);
  }

  request(record: RequestRecord): void {
    if (!this.#keepRequests) return;
    const { at, app, method, host, path, status, responseTime, instanceIndex } = record;
    const { requestBytes, responseBytes, routerError } = record;
    const ms = Math.round(responseTime * 1e6) / 1000;
    this.#add({
      kind: 'request',
      since: performance.now() - ms,
      request: {
        at,
        app,
        method,
        host,
        path,
        status,
        ms,
        instance: instanceIndex,
        requestBytes,
        responseBytes,
        error: routerError,
      },
    });
  }

  get events(): readonly TimedEvent[] {
    return this.#moments.flatMap((moment) => (moment.kind === 'event' ? [moment.event] : []));
  }

  get requests(): readonly RecordedRequest[] {
    return this.#moments.flatMap((moment) => (moment.kind === 'request' ? [moment.request] : []));
  }

  /** Of one app or service, its requests left out. */
  lines(owner: string): readonly LogLine[] {
    return this.#moments.flatMap((moment) =>
      moment.kind === 'log' && moment.line.owner === owner && moment.line.source !== 'RTR'
        ? [moment.line]
        : [],
    );
  }

  onLine(listener: (line: LogLine) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  clear(): void {
    this.#moments = [];
    this.#dropped = 0;
    this.#began = { at: Date.now(), since: performance.now() };
  }

  /** For a person: one line each, seconds since the last reset in front. */
  render(): string {
    const sorted = this.#moments
      .filter((moment) => moment.kind !== 'log' || moment.line.source !== 'RTR')
      .toSorted((a, b) => a.since - b.since);
    const lines = sorted.map(
      (moment) =>
        `  ${((moment.since - this.#began.since) / 1000).toFixed(3).padStart(8)} s  ${describe(moment)}`,
    );
    const dropped = this.#dropped > 0 ? [`  (${this.#dropped} earlier ones were left out)`] : [];
    const none = lines.length === 0 ? ['  nothing happened'] : [];
    return [`Since ${new Date(this.#began.at).toISOString()}:`, ...dropped, ...none, ...lines].join('\n');
  }

  #add(moment: Moment): void {
    this.#moments.push(moment);
    if (this.#moments.length <= MAX_MOMENTS) return;
    // Seldom and many at once, rather than one each time.
    const excess = Math.ceil(MAX_MOMENTS / 10);
    this.#moments.splice(0, excess);
    this.#dropped += excess;
  }
}

function describe(moment: Moment): string {
  switch (moment.kind) {
    case 'log':
      return `log      ${formatLogHeader(moment.line).replace(/^\s*\S+\s/, '')}${moment.line.text}`;
    case 'request': {
      const { method, host, path, status, ms, app, instance, error } = moment.request;
      const by = app === undefined ? '' : ` by ${app}${instance === undefined ? '' : `/${instance}`}`;
      return `request  ${method} ${host}${path} → ${status} in ${describeMs(ms)}${by}${error ? ` (${error})` : ''}`;
    }
    case 'event':
      return `event    ${describeEvent(moment.event)}`;
  }
}

export function describeEvent(event: TimedEvent): string {
  switch (event.kind) {
    case 'router-listening':
      return `router listens on port ${event.port}${event.scheme === 'https' ? ' for HTTPS' : ''}`;
    case 'router-kept':
      return `router stays on port ${event.port}, not ${event.wanted}`;
    case 'tls-distrusted':
      return 'a client did not trust the certificate of the router';
    case 'manifest-invalid':
      return `${event.file} cannot be used any more`;
    case 'manifest-warned':
      return `${event.file} was edited: ${event.diagnostics.map(({ message }) => message).join('; ')}`;
    case 'change-started':
      return `${event.app}: ${event.action}, because: ${event.because}`;
    case 'service-started':
      return `${event.service}: ${event.type} serves on port ${event.port} (${event.engine})`;
    case 'service-stopped':
      return `${event.service}: stopped`;
    case 'service-failed':
      return `${event.service}: failed: ${event.message}`;
    case 'service-engine':
      return `${event.service}: ${describeEngineMoment(event)}`;
    case 'staging-started':
      return `${event.app}: staging (${event.because})`;
    case 'staging-finished':
      return `${event.app}: staged in ${describeMs(event.ms)}`;
    case 'files-changed':
      return `${event.app}: changed ${event.files.join(', ')}`;
    case 'watch-degraded':
      return `${event.app}: ${event.message}`;
    case 'app-ready':
      return `${event.app}: ready (${event.because})`;
    case 'app-stopped':
      return `${event.app}: stopped (${event.because})`;
    case 'app-deleted':
      return `${event.app}: deleted`;
    case 'fault':
      return `${event.target}: ${describeFaultEvent(event)}`;
    case 'instance':
      return `${event.app}: ${event.process}/${event.index} ${describeMoment(event)}`;
  }
}

function describeMoment(event: Extract<TimedEvent, { kind: 'instance' }>): string {
  switch (event.moment) {
    case 'starting':
      return `starts as process ${event.pid} on port ${event.port}`;
    case 'healthy':
      return `is healthy after ${describeMs(event.ms)}`;
    case 'unhealthy':
      return `is unhealthy: ${event.reason}`;
    case 'ready':
      return 'takes requests';
    case 'not-ready':
      return `takes no requests: ${event.reason}`;
    case 'exited':
      return `${describeExit(event.exit)}${event.why ? ` (${event.why})` : ''}`;
    case 'backing-off':
      return `is started again in ${describeMs(event.ms)} after ${event.crashes} crashes`;
    case 'never-ready':
      return `did not become healthy in ${describeMs(event.waitedMs)}: ${event.reason}`;
    case 'gave-up':
      return `is given up: ${event.reason}`;
    case 'killed':
      return `is killed: ${event.reason}`;
  }
}
