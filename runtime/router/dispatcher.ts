/** Decides for each request: which instance, wait, another try, or an answer of our own. */
import * as answers from './answers.ts';
import { Balancer } from './balance.ts';
import type { Exchange, Failure } from './exchange.ts';
import { HoldQueue } from './hold.ts';
import { isLocalName } from './host.ts';
import { wantedInstance } from './instance-header.ts';
import { ENDPOINT_CONNECTIONS, MAX_ATTEMPTS, MAX_HOPS, RECONNECT_EVERY_MS } from './limits.ts';
import type { Loads } from './loads.ts';
import { type Route, RouteTable, type RouteTarget } from './route-table.ts';
import { stickyInstance } from './sticky.ts';
import type { RouteEntry } from './types.ts';
import { UnderWay } from './under-way.ts';

export interface DispatcherOptions {
  readonly holdMs: number;
  readonly holdRequests: number;
  readonly holdBytes: number;
  readonly refusedMs: number;
  /** Where the router itself is reached, for links. */
  readonly portOf: (proto: Exchange['proto']) => number;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #loads: Loads;
  readonly #balancer: Balancer;
  readonly #waiting: HoldQueue<Exchange>;
  /** For the loop guard. */
  readonly #underWay = new UnderWay();
  #table = new RouteTable([]);
  #closing = false;

  constructor(loads: Loads, options: DispatcherOptions) {
    this.#options = options;
    this.#loads = loads;
    this.#balancer = new Balancer(loads);
    this.#waiting = new HoldQueue({ requests: options.holdRequests, bytes: options.holdBytes });
  }

  /** Replaces the table and looks again at every request that waits. */
  update(entries: readonly RouteEntry[]): ReadonlySet<string> {
    this.#table = new RouteTable(entries);
    const addresses = this.#table.addresses();
    this.#balancer.keepOnly(addresses, this.#table.keys());
    this.#loads.keepOnly(this.#table.instanceIds());
    for (const exchange of this.#waiting.takeAll()) this.#dispatch(exchange);
    return addresses;
  }

  accept(exchange: Exchange): void {
    const parent = headerOf(exchange, 'x-vcap-request-id');
    if (parent !== undefined) exchange.depth = (this.#underWay.find(parent)?.depth ?? 0) + 1;
    this.#underWay.add(exchange);
    this.#dispatch(exchange);
  }

  ended(exchange: Exchange): void {
    this.#underWay.remove(exchange);
    this.#waiting.drop(exchange);
  }

  /** Answers everything that waits; from now on nothing waits any more. */
  close(): void {
    this.#closing = true;
    for (const exchange of this.#waiting.takeAll()) this.#dispatch(exchange);
  }

  failed(exchange: Exchange, failure: Failure): void {
    this.#waiting.drop(exchange);
    const { route, chosen } = exchange;
    if (!route || !chosen) return;
    const now = performance.now();
    switch (failure.kind) {
      case 'refused':
        // An earlier try over a used connection may have been what ended the app: not once more.
        if (exchange.repeated) break;
        this.#balancer.markFailed(chosen, now);
        if (this.#tryAnother(exchange, route, now)) return;
        if (this.#waitForReconnect(exchange, now)) return;
        break;
      case 'broken':
        if (!exchange.repeatable) break;
        if (failure.reused && !exchange.repeated) {
          // Most likely the instance closed the idle connection just then; over a fresh one it is told apart.
          exchange.repeated = true;
          exchange.forward(chosen, true);
          return;
        }
        this.#balancer.markFailed(chosen, now);
        if (this.#tryAnother(exchange, route, now)) return;
        break;
      case 'timed-out':
        break;
    }
    exchange.answer(answers.endpointFailure(failure.detail, chosen.entry));
  }

  #dispatch(exchange: Exchange): void {
    const { target } = exchange;
    const route = this.#table.find(target.hostname, target.path);
    exchange.route = route;
    if (!route) {
      exchange.answer(answers.unknownRoute(target.hostname, this.#links(exchange)));
      return;
    }
    if (exchange.depth > MAX_HOPS) {
      exchange.answer(answers.loopDetected(route.entries[0]?.app ?? '', MAX_HOPS));
      return;
    }
    if (route.targets.length === 0) {
      this.#withoutEndpoint(exchange, route);
      return;
    }
    this.#send(exchange, route);
  }

  #send(exchange: Exchange, route: Route): void {
    if (route.targets[0]?.entry.dialect === 'cloud-foundry') {
      const wanted = wantedInstance((name) => headerOf(exchange, name));
      if (wanted.kind === 'bad') {
        exchange.answer(answers.badInstanceHeader(wanted.header));
        return;
      }
      if (wanted.kind === 'instance') {
        const target = route.targets.find((one) => wanted.matches(one));
        if (target) this.#forward(exchange, target);
        else exchange.answer(answers.noSuchInstance(exchange.target.hostname, wanted.guid, wanted.index));
        return;
      }
      exchange.sticky ??= stickyInstance(headerOf(exchange, 'cookie'));
    }
    const pick = this.#balancer.pick(route, performance.now(), exchange.sticky);
    switch (pick.kind) {
      case 'target':
        this.#forward(exchange, pick.target);
        return;
      case 'overloaded':
        exchange.answer(answers.connectionLimit(exchange.target.hostname, ENDPOINT_CONNECTIONS));
        return;
      case 'none':
        this.#withoutEndpoint(exchange, route);
    }
  }

  #forward(exchange: Exchange, target: RouteTarget): void {
    exchange.attempts += 1;
    exchange.forward(target, false);
  }

  #tryAnother(exchange: Exchange, route: Route, now: number): boolean {
    if (exchange.attempts >= Math.min(MAX_ATTEMPTS, route.targets.length)) return false;
    if (!this.#balancer.hasAlternative(route, now)) return false;
    this.#dispatch(exchange);
    return true;
  }

  /** Nothing was sent and no instance can be reached: look again shortly, or when the table changes. */
  #waitForReconnect(exchange: Exchange, now: number): boolean {
    exchange.refusedSince ??= now;
    const left = this.#options.refusedMs - (now - exchange.refusedSince);
    if (left <= 0 || this.#closing || this.#waiting.full(exchange.heldBytes) !== undefined) return false;
    exchange.attempts = 0;
    this.#waiting.hold(exchange, exchange.heldBytes, Math.min(left, RECONNECT_EVERY_MS), () =>
      this.#dispatch(exchange),
    );
    return true;
  }

  #withoutEndpoint(exchange: Exchange, route: Route): void {
    const entry = tellingEntry(route);
    const host = exchange.target.hostname;
    const say = (why: answers.NoEndpoints): void => exchange.answer(answers.noEndpoints(host, entry, why));
    if (this.#closing) return say({ kind: 'closing' });
    if (entry.state === 'stopped' || entry.state === 'crashed') return say({ kind: entry.state });
    const now = performance.now();
    exchange.heldSince ??= now;
    // What was refused before is forgotten: the platform has taken note and the app is on its way.
    exchange.refusedSince = undefined;
    const waited = now - exchange.heldSince;
    const bytes = exchange.heldBytes;
    const limit = this.#waiting.full(bytes);
    if (limit !== undefined) return say({ kind: 'too-many-waiting', limit });
    this.#waiting.hold(exchange, bytes, Math.max(0, this.#options.holdMs - waited), () =>
      say({ kind: 'not-ready', waitedMs: performance.now() - (exchange.heldSince ?? now) }),
    );
  }

  /** What is routed; only told where no stranger's page can read it. */
  #links({ target, proto }: Exchange): readonly answers.Link[] {
    if (!isLocalName(target.hostname)) return [];
    const port = this.#options.portOf(proto);
    const named = this.#table.entries.filter((entry) => !entry.host.startsWith('*'));
    return named.map((entry) => ({
      url: `${proto}://${entry.host}:${port}${entry.path || '/'}`,
      text: entry.state === 'running' ? entry.app : `${entry.app} (${entry.state})`,
    }));
  }
}

const STATE_RANK = { running: 0, starting: 0, crashed: 1, stopped: 2 } as const;

/** Of several apps on one route, the one nearest to answering tells why there is no answer. */
function tellingEntry(route: Route): RouteEntry {
  const [first, ...rest] = route.entries;
  if (!first) throw new Error(`Route "${route.key}" has no entry`);
  return rest.reduce(
    (best, entry) => (STATE_RANK[entry.state] < STATE_RANK[best.state] ? entry : best),
    first,
  );
}

function headerOf(exchange: Exchange, name: string): string | undefined {
  const value = exchange.request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
