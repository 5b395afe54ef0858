/** Outages on demand of services, apps and the router: made, listed, and ended when their time is over. */
import { FaultUnknown, type Fault } from '../../services/kit/faults.ts';
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import type { AppName } from '../kernel/names.ts';
import { suggest } from '../kernel/suggest.ts';
import type { RouterDisturbance } from '../router/types.ts';
import type { App } from './app.ts';
import type { Apps } from './apps.ts';
import { endsSomething, ROUTER, type ActiveFault, type AnyFault, type RouterFault } from './fault.ts';
import type { Services } from './services.ts';

export interface OutagesOptions {
  readonly services: Services;
  readonly apps: Apps;
  readonly serviceNames: () => readonly string[];
  readonly report: (event: PlatformEvent) => void;
}

/** What ends each of those that go on. */
const ENDS: Readonly<Record<string, AnyFault>> = {
  down: { kind: 'up' },
  freeze: { kind: 'up' },
  pause: { kind: 'up' },
  latency: { kind: 'latency', ms: 0, jitterMs: 0 },
  bandwidth: { kind: 'bandwidth', bytesPerSecond: 0 },
  'fail-next': { kind: 'fail-next', count: 0, message: '' },
  abort: { kind: 'abort', count: 0 },
};

interface Timed {
  readonly timer: NodeJS.Timeout;
  readonly until: number;
}

export class Outages implements Disposable {
  readonly #options: OutagesOptions;
  /** By target and kind. */
  readonly #timed = new Map<string, Timed>();
  readonly #router = { latencyMs: 0, jitterMs: 0, aborts: 0 };

  constructor(options: OutagesOptions) {
    this.#options = options;
  }

  /**
   * @param forMs it ends by itself after that
   * @returns how many connections, items or processes it met; 0 where that is no number
   * @throws PaasError `FAULT_TARGET_UNKNOWN`, `SERVICE_CANNOT`, `USAGE`
   */
  async apply(target: string, fault: AnyFault, forMs?: number): Promise<number> {
    const end = ENDS[fault.kind];
    if (forMs !== undefined && !end)
      throw new PaasError('USAGE', {
        message: `Cannot end "${fault.kind}" after a time: it happens at once`,
      });
    checkNumbers(fault, forMs);
    const count = await this.#apply(target, fault);
    this.#forget(target, fault.kind);
    if (fault.kind === 'clear' || fault.kind === 'up') this.#forgetAll(target);
    this.#report(target, fault, { count, by: 'user', ...(forMs === undefined ? {} : { forMs }) });
    if (forMs === undefined || !end) return count;
    const timer = setTimeout(() => {
      this.#timed.delete(key(target, fault.kind));
      this.#apply(target, end).then(
        () => this.#report(target, end, { count: 0, by: 'time' }),
        () => {}, // its target is gone, and the fault with it
      );
    }, forMs);
    timer.unref();
    this.#timed.set(key(target, fault.kind), { timer, until: performance.now() + forMs });
    return count;
  }

  /** Ends all of them everywhere. */
  async clearAll(): Promise<void> {
    const targets = new Set((await this.active()).map(({ target }) => target));
    for (const { timer } of this.#timed.values()) clearTimeout(timer);
    this.#timed.clear();
    Object.assign(this.#router, { latencyMs: 0, jitterMs: 0, aborts: 0 });
    for (const app of this.#options.apps) app.faults.resume();
    const running = this.#options.services.runningFaults();
    await Promise.all(running.map(([, faults]) => faults.apply({ kind: 'clear' })));
    for (const target of targets) this.#report(target, { kind: 'clear' }, { count: 0, by: 'user' });
  }

  async active(): Promise<readonly ActiveFault[]> {
    const { latencyMs, jitterMs, aborts } = this.#router;
    const router: RouterFault[] = [
      ...(latencyMs > 0 ? [{ kind: 'latency', ms: latencyMs, jitterMs } as const] : []),
      ...(aborts > 0
        ? [{ kind: 'abort', ...(Number.isFinite(aborts) ? { count: aborts } : {}) } as const]
        : []),
    ];
    const paused = [...this.#options.apps].filter((app) => app.faults.paused);
    const services = await Promise.all(
      this.#options.services
        .runningFaults()
        .map(async ([target, faults]) => (await faults.active()).map((fault) => ({ target, fault }))),
    );
    const all = [
      ...services.flat(),
      ...paused.map(({ name }) => ({ target: name, fault: { kind: 'pause' } as const })),
      ...router.map((fault) => ({ target: ROUTER, fault })),
    ];
    return all.map(({ target, fault }) => {
      const timed = this.#timed.get(key(target, fault.kind));
      const leftMs = timed && Math.max(0, Math.round(timed.until - performance.now()));
      return { target, fault, ...(leftMs === undefined ? {} : { leftMs }) };
    });
  }

  /** Asked by the router for each request. */
  disturbance(): RouterDisturbance | undefined {
    const router = this.#router;
    if (router.aborts > 0) {
      router.aborts -= 1;
      return { abort: true, delayMs: 0 };
    }
    if (router.latencyMs === 0) return undefined;
    return {
      abort: false,
      delayMs: Math.max(0, router.latencyMs + (Math.random() * 2 - 1) * router.jitterMs),
    };
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#timed.values()) clearTimeout(timer);
    for (const app of this.#options.apps) app.faults.resume();
  }

  async #apply(target: string, fault: AnyFault): Promise<number> {
    const { services, apps, serviceNames } = this.#options;
    const app = apps.get(target);
    // An app and its service may have the same name; what is wanted tells which is meant.
    const ends = fault.kind === 'up' || fault.kind === 'clear';
    if (app && ends) app.faults.resume();
    if (serviceNames().includes(target) && (isServiceFault(fault) || !app)) {
      if (!isServiceFault(fault)) throw wrongKind(target, 'a service', fault);
      const faults = await services.faults(target);
      return faults.apply(fault).catch((error: unknown) => {
        if (!(error instanceof FaultUnknown)) throw error;
        throw new PaasError('SERVICE_CANNOT', { service: target, what: fault.kind, reason: error.message });
      });
    }
    if (app) return applyToApp(app, fault);
    if (target === ROUTER) return this.#applyToRouter(fault);
    const known = [...serviceNames(), ...apps.names, ROUTER];
    throw new PaasError('FAULT_TARGET_UNKNOWN', {
      target,
      known,
      suggestion: suggest(target, known) ?? null,
    });
  }

  #report(
    target: string,
    fault: AnyFault,
    facts: { readonly count: number; readonly by: 'user' | 'time'; readonly forMs?: number },
  ): void {
    const { apps, report } = this.#options;
    const concerned = target === ROUTER ? [...apps] : [...apps.boundTo(target), apps.get(target)];
    const names = new Set(concerned.flatMap((app) => (app ? [app.name as AppName] : [])));
    const moment = endsSomething(fault) ? 'ends' : 'begins';
    report({ kind: 'fault', target, fault, moment, ...facts, apps: [...names] });
  }

  #applyToRouter(fault: AnyFault): number {
    if (fault.kind === 'latency') {
      Object.assign(this.#router, { latencyMs: fault.ms, jitterMs: fault.jitterMs });
    } else if (fault.kind === 'abort') {
      this.#router.aborts = fault.count ?? Number.POSITIVE_INFINITY;
    } else if (fault.kind === 'clear') {
      Object.assign(this.#router, { latencyMs: 0, jitterMs: 0, aborts: 0 });
    } else throw wrongKind(ROUTER, 'the router', fault);
    return 0;
  }

  #forget(target: string, kind: string): void {
    clearTimeout(this.#timed.get(key(target, kind))?.timer);
    this.#timed.delete(key(target, kind));
  }

  #forgetAll(target: string): void {
    for (const kind of Object.keys(ENDS)) this.#forget(target, kind);
  }
}

const key = (target: string, kind: string): string => `${kind} ${target}`;

/** What comes over the control socket or from code may be anything. @throws PaasError `USAGE` */
function checkNumbers(fault: AnyFault, forMs: number | undefined): void {
  for (const [name, value] of Object.entries({ ...fault, forMs })) {
    if (!NUMBERS.has(name) || value === undefined) continue;
    const whole = name === 'count' || name === 'bytesPerSecond';
    if (typeof value === 'number' && value >= 0 && (whole ? Number.isInteger(value) : Number.isFinite(value)))
      continue;
    const message = `Cannot make the fault "${fault.kind}": its ${name} is ${String(value)}`;
    throw new PaasError('USAGE', { message, hint: `Expected a ${whole ? 'whole ' : ''}number from 0 up` });
  }
}

const NUMBERS: ReadonlySet<string> = new Set(['ms', 'jitterMs', 'bytesPerSecond', 'count', 'forMs']);

const SERVICE_KINDS: ReadonlySet<string> = new Set([
  'down', 'up', 'freeze', 'latency', 'bandwidth', 'drop-connections', 'fail-next', 'evict', 'expire', 'clear',
]); // prettier-ignore

const isServiceFault = (fault: AnyFault): fault is Fault => SERVICE_KINDS.has(fault.kind);

function applyToApp(app: App, fault: AnyFault): number {
  switch (fault.kind) {
    case 'crash':
      return app.faults.crash();
    case 'pause':
      return app.faults.pause();
    case 'out-of-memory':
      return app.faults.exhaust();
    case 'up':
    case 'clear':
      return app.faults.resume();
    default:
      throw wrongKind(app.name, 'an app', fault);
  }
}

const FITTING: Readonly<Record<string, string>> = {
  'a service': [...SERVICE_KINDS].join(', '),
  'an app': 'crash, pause, up, out-of-memory',
  'the router': 'latency, abort',
};

function wrongKind(target: string, what: string, { kind }: AnyFault): PaasError {
  const message = `Cannot do "${kind}" to "${target}": it is ${what}`;
  return new PaasError('USAGE', { message, hint: `There is for ${what}: ${FITTING[what] ?? ''}` });
}
