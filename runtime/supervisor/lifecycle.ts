/**
 * The life of one instance as a pure function: what is, and what happened, give what is next and what to do.
 *
 *               start                healthy
 *     stopped ────────▶ starting ─────────────▶ running
 *        ▲                ▲  │ exited, late,       │ exited, failing
 *        │ rest     again │  ▼ failing             ▼
 *        └─────────── stopping ◀───────────────────┘
 *                         │ crash, and exits by themselves
 *                         ▼
 *                 now? starting · later? backing-off · too often? crashed
 *
 * Three ideas keep it small. A state has at most one timer: entering a state sets it, leaving cancels it. A
 * restart is a stop with another aim. Crashes are forgotten after a time of running, not at first health, so
 * that a flapping app backs off and comes to rest.
 */
import { backoff } from './backoff.ts';
import type { RestartPolicy } from './types.ts';

/** `coming`: asked for, and nobody knows yet whether there will be one. */
type Process = 'coming' | 'alive';

/** What follows once the process is gone. */
type Aim = 'rest' | 'again' | 'crash';

export type Lifecycle =
  | { readonly name: 'stopped' }
  | { readonly name: 'starting'; readonly process: Process; readonly crashes: number }
  | { readonly name: 'running'; readonly process: 'alive'; readonly crashes: number }
  | {
      readonly name: 'stopping';
      readonly process: Process;
      readonly aim: Aim;
      /** From TERM to KILL; 0 means KILL. Kept for a process that is still coming. */
      readonly graceMs: number;
      readonly crashes: number;
    }
  | { readonly name: 'backing-off'; readonly crashes: number }
  | { readonly name: 'crashed'; readonly crashes: number };

export type Occurrence =
  | { readonly kind: 'start' | 'restart' }
  | { readonly kind: 'stop'; readonly graceMs: number }
  | { readonly kind: 'spawned' | 'not-spawned' | 'healthy' | 'exited' | 'timer' }
  /** A liveness check failed, or memory ran over. */
  | { readonly kind: 'failing'; readonly graceMs: number };

export type Effect =
  | { readonly kind: 'spawn' }
  | { readonly kind: 'probe' }
  /** It is healthy: liveness checks and the memory watch begin. */
  | { readonly kind: 'watch' }
  /** It was not ready in time: find out why while it lives. */
  | { readonly kind: 'diagnose' }
  | { readonly kind: 'terminate'; readonly graceMs: number }
  | { readonly kind: 'announce-backoff'; readonly ms: number; readonly crashes: number }
  | { readonly kind: 'announce-end'; readonly crashes: number };

export interface Step {
  readonly next: Lifecycle;
  readonly effects: readonly Effect[];
  /** The timer of `next`, where it is another state than before. */
  readonly timerMs?: number;
}

export interface Rules {
  readonly policy: RestartPolicy;
  readonly startTimeoutMs: number;
  readonly graceMs: number;
}

export const STOPPED: Lifecycle = { name: 'stopped' };

/** `next` is the very same object where nothing changes: its timer goes on then. */
export function step(state: Lifecycle, occurrence: Occurrence, rules: Rules): Step {
  const stay: Step = { next: state, effects: [] };
  switch (state.name) {
    case 'stopped':
    case 'crashed':
      if (asksForStart(occurrence)) return begin(0);
      return occurrence.kind === 'stop' ? { next: STOPPED, effects: [] } : stay;

    case 'backing-off':
      if (occurrence.kind === 'timer') return begin(state.crashes);
      if (asksForStart(occurrence)) return begin(0);
      return occurrence.kind === 'stop' ? { next: STOPPED, effects: [] } : stay;

    case 'starting':
      switch (occurrence.kind) {
        case 'spawned':
          return {
            next: { ...state, process: 'alive' },
            effects: [{ kind: 'probe' }],
            timerMs: rules.startTimeoutMs,
          };
        case 'healthy': {
          const { crashes } = state;
          const next = { name: 'running', process: 'alive', crashes } as const;
          const timer = crashes > 0 ? { timerMs: rules.policy.settleMs } : {};
          return { next, effects: [{ kind: 'watch' }], ...timer };
        }
        case 'timer': {
          const late = leave(state, 'crash', rules.graceMs);
          return { ...late, effects: [{ kind: 'diagnose' }, ...late.effects] };
        }
        case 'start':
          return stay;
        default:
          return endOf(state, occurrence, rules);
      }

    case 'running':
      switch (occurrence.kind) {
        case 'timer':
          return { next: { ...state, crashes: 0 }, effects: [] };
        case 'start':
          return stay;
        default:
          return endOf(state, occurrence, rules);
      }

    case 'stopping':
      return whileStopping(state, occurrence, rules);
  }
}

function asksForStart({ kind }: Occurrence): boolean {
  return kind === 'start' || kind === 'restart';
}

/** Ways out that a starting and a running instance share. */
function endOf(
  state: Lifecycle & { name: 'starting' | 'running' },
  occurrence: Occurrence,
  rules: Rules,
): Step {
  switch (occurrence.kind) {
    case 'stop':
      return leave(state, 'rest', occurrence.graceMs);
    case 'restart':
      return leave(state, 'again', rules.graceMs);
    case 'failing':
      return leave(state, 'crash', occurrence.graceMs);
    case 'exited':
    case 'not-spawned':
      return crash(state.crashes, rules);
    default:
      return { next: state, effects: [] };
  }
}

function leave(state: Extract<Lifecycle, { process: Process }>, aim: Aim, graceMs: number): Step {
  const { process, crashes } = state;
  return {
    next: { name: 'stopping', process, aim, graceMs, crashes },
    // One that is still coming is met when it comes.
    effects: process === 'alive' ? [{ kind: 'terminate', graceMs }] : [],
  };
}

function whileStopping(state: Lifecycle & { name: 'stopping' }, occurrence: Occurrence, rules: Rules): Step {
  switch (occurrence.kind) {
    case 'spawned': {
      const { graceMs } = state;
      return { next: { ...state, process: 'alive' }, effects: [{ kind: 'terminate', graceMs }] };
    }
    case 'exited':
    case 'not-spawned':
      if (state.aim === 'rest') return { next: STOPPED, effects: [] };
      return state.aim === 'again' ? begin(0) : crash(state.crashes, rules);
    case 'stop':
      // Patience only shrinks: asking twice is asking harder.
      return leave(state, 'rest', Math.min(state.graceMs, occurrence.graceMs));
    case 'failing':
      return leave(state, state.aim, Math.min(state.graceMs, occurrence.graceMs));
    case 'start':
      // What stops because it failed starts again by itself, as often as the policy allows.
      return state.aim === 'rest'
        ? { next: { ...state, aim: 'again' }, effects: [] }
        : { next: state, effects: [] };
    case 'restart':
      return { next: { ...state, aim: 'again' }, effects: [] };
    default:
      return { next: state, effects: [] };
  }
}

function begin(crashes: number): Step {
  return { next: { name: 'starting', process: 'coming', crashes }, effects: [{ kind: 'spawn' }] };
}

function crash(before: number, rules: Rules): Step {
  const crashes = before + 1;
  const ms = backoff(rules.policy, crashes);
  if (ms === undefined) {
    return { next: { name: 'crashed', crashes }, effects: [{ kind: 'announce-end', crashes }] };
  }
  const announce: Effect = { kind: 'announce-backoff', ms, crashes };
  if (ms > 0) return { next: { name: 'backing-off', crashes }, effects: [announce], timerMs: ms };
  const again = begin(crashes);
  return { ...again, effects: [announce, ...again.effects] };
}
