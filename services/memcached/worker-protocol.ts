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

export type Request =
  | { readonly kind: 'stats' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'console'; readonly path: string }
  /** Undefined asks which go on. */
  | { readonly kind: 'fault'; readonly fault: Fault | undefined }
  /** Keeps a copy of all items in the thread; the answer is its number. */
  | { readonly kind: 'copy' }
  | { readonly kind: 'restore' | 'forget'; readonly copy: number };

export interface Answers {
  readonly stats: Readonly<Record<string, string | number>>;
  readonly reset: undefined;
  readonly console: undefined;
  readonly fault: { readonly count: number; readonly active: readonly Fault[] };
  readonly copy: number;
  readonly restore: undefined;
  readonly forget: undefined;
}

export type Answer = Answers[keyof Answers];

export type ToWorker =
  | { readonly kind: 'request'; readonly id: number; readonly request: Request }
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'not-listening'; readonly code: string; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'problem'; readonly id: number; readonly message: string };
