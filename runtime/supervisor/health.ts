/** Asks an app whether it serves: a TCP connection, or GET with status 200, on either loopback address. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthPlan } from '../plan/types.ts';

/**
 * A starting app is looked at again after a twentieth of the time it has taken so far, within these bounds: so nobody waits
 * much longer than the app itself takes. One look costs 0.2 ms.
 */
const PAUSE_SHARE = 0.05;
const MIN_PAUSE_MS = 2;
const MAX_PAUSE_MS = 50;
/** An app that answers, though not with 200, logs each of our requests: it is asked less often. */
const ANSWERED_PAUSE_MS = 250;

/** An app may listen on either; the platform's own checks would reach both. */
const IPV4 = '127.0.0.1';
const IPV6 = '::1';

/** As Cloud Foundry's health checker introduces itself. */
const CHECK_HEADERS = { 'User-Agent': 'diego-healthcheck', 'X-Forwarded-Proto': 'https' };

export type ProbeResult =
  | { readonly ok: true; readonly host: string }
  /** `answered`: something is there, but not well. */
  | { readonly ok: false; readonly reason: string; readonly answered: boolean };

/** What is waited for, as half a sentence. */
export function describeCheck(health: HealthPlan, port: number): string {
  return health.type === 'http'
    ? `GET ${health.endpoint} on port ${port} to answer 200`
    : `port ${port} to open`;
}

/** One check, of one address or of both, within the invocation timeout per look. Never rejects. */
export async function probe(
  health: HealthPlan,
  port: number,
  options: { readonly host?: string; readonly signal?: AbortSignal } = {},
): Promise<ProbeResult> {
  if (health.type === 'process') return { ok: true, host: IPV4 };
  const attempt = health.type === 'http' ? tryHttp : tryPort;
  const look = (host: string): Promise<ProbeResult> => attempt(health, host, port, options.signal);
  if (options.host !== undefined) return look(options.host);
  const first = await look(IPV4);
  if (first.ok) return first;
  const second = await look(IPV6);
  // What answered badly tells more than what refused.
  if (!second.ok) return second.answered ? second : first;
  if (first.answered) return second;
  // One that began to listen on both between the two looks is reached where every app is.
  const again = await look(IPV4);
  return again.ok ? again : second;
}

/**
 * Checks until it passes.
 * @returns the address that answered
 * @throws the signal's reason: the start timeout is the caller's
 */
export async function untilHealthy(
  health: HealthPlan,
  port: number,
  options: { readonly signal: AbortSignal; readonly onFailure: (reason: string) => void },
): Promise<string> {
  const { signal, onFailure } = options;
  const began = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const result = await probe(health, port, { signal });
    signal.throwIfAborted();
    if (result.ok) return result.host;
    onFailure(result.reason);
    const share = (performance.now() - began) * PAUSE_SHARE;
    const pause = Math.min(Math.max(share, MIN_PAUSE_MS), MAX_PAUSE_MS);
    await sleep(result.answered ? ANSWERED_PAUSE_MS : pause, undefined, { signal });
  }
}

/**
 * Checks every interval, and returns at the first failure, with its reason: the platform tolerates none.
 * @throws the signal's reason
 */
export async function untilUnhealthy(
  health: HealthPlan,
  port: number,
  options: { readonly host: string; readonly signal: AbortSignal },
): Promise<string> {
  const { host, signal } = options;
  for (;;) {
    await sleep(health.intervalMs, undefined, { signal });
    const result = await probe(health, port, { host, signal });
    signal.throwIfAborted();
    if (!result.ok) return result.reason;
  }
}

function tryPort(
  { invocationTimeoutMs }: HealthPlan,
  host: string,
  port: number,
  signal: AbortSignal | undefined,
): Promise<ProbeResult> {
  const action = `failed to make TCP connection to port ${port}`;
  return bounded(action, invocationTimeoutMs, signal, (settle) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      // Within the system's range of outgoing ports a connection can meet itself.
      const self = socket.localPort === port;
      settle(
        self ? { ok: false, reason: `${action}: connection refused`, answered: false } : { ok: true, host },
      );
    });
    socket.once('error', (error) =>
      settle({ ok: false, reason: `${action}: ${words(error)}`, answered: false }),
    );
    return () => socket.destroy();
  });
}

function tryHttp(
  { endpoint, invocationTimeoutMs }: HealthPlan,
  host: string,
  port: number,
  signal: AbortSignal | undefined,
): Promise<ProbeResult> {
  const action = `failed to make HTTP request to '${endpoint}' on port ${port}`;
  const began = performance.now();
  return bounded(action, invocationTimeoutMs, signal, (settle) => {
    const call = request({ host, port, path: endpoint, agent: false, headers: CHECK_HEADERS });
    call.once('response', ({ statusCode }) => {
      const ms = Math.round(performance.now() - began);
      const reason = `${action}: received status code ${statusCode} in ${ms}ms`;
      settle(statusCode === 200 ? { ok: true, host } : { ok: false, reason, answered: true });
    });
    call.once('error', (error) =>
      settle({ ok: false, reason: `${action}: ${words(error)}`, answered: false }),
    );
    call.end();
    return () => call.destroy();
  });
}

/** Settles once, at the latest after `ms` or when the signal aborts, and always lets go of the connection. */
function bounded(
  action: string,
  ms: number,
  signal: AbortSignal | undefined,
  open: (settle: (result: ProbeResult) => void) => () => void,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let close = (): void => {};
    const settle = (result: ProbeResult): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      close();
      resolve(result);
    };
    const fail = (what: string, answered: boolean): void =>
      settle({ ok: false, reason: `${action}: ${what}`, answered });
    const cancel = (): void => fail('cancelled', false);
    const timer = setTimeout(() => fail(`timed out after ${(ms / 1000).toFixed(2)} seconds`, true), ms);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      close = open(settle);
    } catch (error) {
      fail((error as Error).message, false); // an endpoint that no request can carry
    }
  });
}

function words(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
      return 'connection reset by peer';
    default:
      return error.message;
  }
}
