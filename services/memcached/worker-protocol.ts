/** What a cache in a worker thread and the thread that started it say to each other. */
import type { Fault } from '../kit/faults.ts';
import type { CacheSettings } from './settings.ts';

/** Given to the worker at its start. */
export interface WorkerStart {
  readonly host: string;
  readonly port: number;
  /** 32 secret bits; given, so that the thread need not load what draws them. */
  readonly seed: number;
  readonly settings: Partial<CacheSettings>;
  /** Who may log in with SASL. */
  readonly users: readonly (readonly [user: string, password: string])[];
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
