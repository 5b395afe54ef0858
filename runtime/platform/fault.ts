/** What an outage on demand can be, of a service, an app or the router; as plain data, and in words. */
import type { Fault } from '../../services/kit/faults.ts';
import type { FaultEvent } from '../events.ts';
import { describeMs } from './words.ts';

export type AppFault =
  /** Its processes are killed. */
  | { readonly kind: 'crash' }
  /** Its processes stand still, as one that hangs. */
  | { readonly kind: 'pause' }
  /** Ends a pause. */
  | { readonly kind: 'up' }
  /** Ended as the watch over its memory would. */
  | { readonly kind: 'out-of-memory' }
  | { readonly kind: 'clear' };

export type RouterFault =
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs: number }
  /** The next requests end without an answer; without a count all of them. */
  | { readonly kind: 'abort'; readonly count?: number }
  | { readonly kind: 'clear' };

export type AnyFault = Fault | AppFault | RouterFault;

/** What a fault may be made of besides apps and services. */
export const ROUTER = 'router';

export interface ActiveFault {
  readonly target: string;
  readonly fault: AnyFault;
  /** Milliseconds until it ends by itself. */
  readonly leftMs?: number;
}

/** Whether it undoes another one. */
export function endsSomething(fault: AnyFault): boolean {
  switch (fault.kind) {
    case 'up':
    case 'clear':
      return true;
    case 'latency':
      return fault.ms === 0 && fault.jitterMs === 0;
    case 'bandwidth':
      return fault.bytesPerSecond === 0;
    case 'fail-next':
    case 'abort':
      return fault.count === 0;
    default:
      return false;
  }
}

/** `latency 200 ms ± 50 ms`, `down`. */
export function describeFault(fault: AnyFault): string {
  switch (fault.kind) {
    case 'latency':
      return `latency ${describeMs(fault.ms)}${fault.jitterMs > 0 ? ` ± ${describeMs(fault.jitterMs)}` : ''}`;
    case 'bandwidth':
      return `bandwidth ${fault.bytesPerSecond} bytes/s`;
    case 'fail-next':
      return `the next ${fault.count} fail: ${fault.message}`;
    case 'abort':
      return fault.count === undefined ? 'abort all' : `abort the next ${fault.count}`;
    case 'evict':
    case 'expire':
      return fault.key === undefined ? fault.kind : `${fault.kind} ${fault.key}`;
    default:
      return fault.kind;
  }
}

/** `down for 10 s`, `evict (3)`, `no latency any more, its time is over`. */
export function describeFaultEvent({ fault, moment, count, forMs, by }: FaultEvent): string {
  if (moment === 'ends') {
    const over =
      fault.kind === 'up' || fault.kind === 'clear' ? OVER[fault.kind] : `no ${fault.kind} any more`;
    return by === 'time' ? `${over}, its time is over` : over;
  }
  const met = count > 0 ? ` (${count})` : '';
  return `${describeFault(fault)}${met}${forMs === undefined ? '' : ` for ${describeMs(forMs)}`}`;
}

const OVER = { up: 'up again', clear: 'all faults cleared' } as const;
