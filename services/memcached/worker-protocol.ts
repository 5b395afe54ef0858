/** What the thread of caches is told, and what one of its caches and whoever started that say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { Fault } from '../kit/faults.ts';
import type { CacheSettings } from './settings.ts';

/** What a cache is begun with. */
export interface WorkerStart {
  readonly host: string;
  readonly port: number;
  /** 32 secret bits; given, so that the thread need not load what draws them. */
  readonly seed: number;
  readonly settings: Partial<CacheSettings>;
  /** Who may log in with SASL. */
  readonly users: readonly (readonly [user: string, password: string])[];
}

/** Begins a cache, which is talked to through the port from then on. */
export interface ToThread {
  readonly start: WorkerStart;
  readonly port: MessagePort;
}

export type ToWorker =
  /** `flush` forgets all items first. */
  | { readonly kind: 'stats'; readonly id: number; readonly flush?: boolean }
  | { readonly kind: 'console'; readonly id: number; readonly path: string }
  /** Undefined asks which go on. */
  | { readonly kind: 'fault'; readonly id: number; readonly fault: Fault | undefined }
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'not-listening'; readonly code: string; readonly message: string }
  | { readonly kind: 'console'; readonly id: number; readonly problem: string | undefined }
  | {
      readonly kind: 'fault';
      readonly id: number;
      readonly count: number;
      readonly active: readonly Fault[];
      readonly problem?: string;
    }
  | {
      readonly kind: 'stats';
      readonly id: number;
      readonly stats: Readonly<Record<string, string | number>>;
    };
