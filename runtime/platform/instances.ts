/** The instances of one app: made, awaited and stopped, each with an index and a port of its own. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InstanceMoment } from '../events.ts';
import type { PaasError } from '../kernel/errors.ts';
import { SignalCopies } from '../kernel/signal-copies.ts';
import type { Log } from '../logs/log.ts';
import type { HealthPlan, ProcessPlan } from '../plan/types.ts';
import { allocatePort } from '../ports/allocate.ts';
import type { RouteEndpoint } from '../router/types.ts';
import { sendSignal } from '../../services/kit/marked.ts';
import { createInstance } from '../supervisor/instance.ts';
import type { Instance, Launch, RestartPolicy, StartFailure } from '../supervisor/types.ts';
import { HOST, type AppOptions } from './app-options.ts';
import { isStartFailure } from './words.ts';

export interface Slot {
  readonly process: ProcessPlan;
  readonly index: number;
  readonly instanceId: string;
  readonly instance: Instance;
  /** Of its latest run; 0 before the first. */
  port: number;
  /** Epoch milliseconds of its latest run. */
  startedAt?: number;
  /** Bytes it printed so far, over all runs. */
  logged: number;
  /** No request is sent to it any more: it is about to be stopped. */
  withdrawn: boolean;
}

export interface InstancesOptions extends Pick<AppOptions, 'graceMs' | 'guardian'> {
  readonly policy: () => RestartPolicy;
  /** The terminal one instance is given, by process type and index. */
  readonly terminal: (type: string, index: number) => string | undefined;
  /** Somebody has its debugger: what it does not answer meanwhile is no failure. */
  readonly debugged: (type: string, index: number) => boolean;
  readonly log: Log;
  /** How to start this instance now; its port is set. */
  readonly launch: (slot: Slot) => Omit<Launch, 'port'>;
  readonly onMoment: (slot: Slot, moment: InstanceMoment) => void;
  readonly startError: (slot: Slot, failure: StartFailure) => PaasError;
}

const LOOK_MS = 20;
const DAY_MS = 24 * 60 * 60_000;

export class Instances {
  readonly #options: InstancesOptions;
  #slots: readonly Slot[] = [];

  constructor(options: InstancesOptions) {
    this.#options = options;
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  get empty(): boolean {
    return this.#slots.length === 0;
  }

  includes(slot: Slot): boolean {
    return this.#slots.includes(slot);
  }

  find(type: string, index: number): Slot | undefined {
    return this.#slots.find((slot) => slot.process.type === type && slot.index === index);
  }

  /** Those that requests can be sent to. */
  get endpoints(): readonly RouteEndpoint[] {
    return this.#slots.flatMap(({ process, index, instanceId, withdrawn, instance: { status } }) =>
      process.type === 'web' && !withdrawn && status.routable && status.port !== undefined
        ? [{ instanceId, instanceIndex: index, host: status.host ?? HOST, port: status.port }]
        : [],
    );
  }

  /** Starts one, beside what runs. It takes requests as soon as it is ready. */
  start(process: ProcessPlan, index: number): Slot {
    const slot = this.#makeSlot(process, index);
    this.#slots = [...this.#slots, slot].toSorted(byTypeAndIndex);
    slot.instance.start();
    return slot;
  }

  /**
   * Resolves when it is healthy.
   * @throws PaasError `APP_EXITED`, `APP_NOT_LISTENING`, `APP_SPAWN_FAILED`; the signal's reason
   */
  async healthy(slot: Slot, signal: AbortSignal): Promise<void> {
    try {
      await slot.instance.ready(signal);
    } catch (failure) {
      if (signal.aborted) throw signal.reason;
      if (!isStartFailure(failure)) throw failure;
      throw this.#options.startError(slot, failure);
    }
  }

  /**
   * Resolves when all are. The signal is listened to once, however many they are.
   * @throws as `healthy`, for the first that fails
   */
  async allHealthy(slots: readonly Slot[], signal: AbortSignal): Promise<void> {
    using signals = new SignalCopies(signal);
    await Promise.all(slots.map((slot) => this.healthy(slot, signals.next())));
  }

  /**
   * Resolves when requests are sent to it, its readiness check passed.
   * @throws as `healthy`
   */
  async routable(slot: Slot, signal: AbortSignal): Promise<void> {
    const began = performance.now();
    const { startTimeoutMs } = slot.process.readiness;
    await this.healthy(slot, signal);
    while (!slot.instance.status.routable) {
      const waitedMs = performance.now() - began;
      if (waitedMs > startTimeoutMs) {
        const lastProbe = 'its readiness check never passed';
        throw this.#options.startError(slot, {
          kind: 'timed-out',
          waitedMs,
          expected: 'its readiness check to pass',
          listening: [],
          lastProbe,
        });
      }
      await sleep(LOOK_MS, undefined, { signal });
      await this.healthy(slot, signal);
    }
  }

  async stop(slots: readonly Slot[], graceMs?: number): Promise<void> {
    await Promise.all(slots.map(({ instance }) => instance.stop(graceMs === undefined ? {} : { graceMs })));
    this.#slots = this.#slots.filter((slot) => !slots.includes(slot));
  }

  /** To the whole group of each that runs. @returns how many those are */
  signal(signal: NodeJS.Signals): number {
    const pids = this.#slots.flatMap(({ instance }) => instance.status.pid ?? []);
    for (const pid of pids) sendSignal(-pid, signal);
    return pids.length;
  }

  async kill(): Promise<void> {
    await Promise.all(this.#slots.map(({ instance }) => instance.kill()));
  }

  #makeSlot(process: ProcessPlan, index: number): Slot {
    const { log, policy, graceMs, guardian, launch, onMoment } = this.#options;
    const terminal = this.#options.terminal(process.type, index);
    const debugged = this.#options.debugged(process.type, index);
    const source = `APP/PROC/${process.type.toUpperCase()}`;
    const { logRateBytesPerSecond } = process;
    const slot: Slot = {
      process,
      index,
      instanceId: randomUUID(),
      port: 0,
      logged: 0,
      withdrawn: false,
      instance: createInstance({
        health: terminal === undefined && !debugged ? process.health : patient(process.health),
        readiness: debugged ? patient(process.readiness) : process.readiness,
        policy: policy(),
        graceMs,
        guardian,
        memoryLimitBytes: process.memoryBytes,
        ...(logRateBytesPerSecond === undefined ? {} : { logBytesPerSecond: logRateBytesPerSecond }),
        log: (stream, text, sidecar) => {
          slot.logged += text.length + 1;
          log.append({
            source: sidecar === undefined ? source : `${source}/SIDECAR/${sidecar.toUpperCase()}`,
            instance: index,
            stream,
            text,
          });
        },
        report: (moment) => onMoment(slot, moment),
        note: (text) => log.append({ source: 'CELL', instance: index, stream: 'OUT', text }),
        prepare: async () => {
          slot.port = await allocatePort({ host: HOST });
          slot.startedAt = Date.now();
          return { ...launch(slot), port: slot.port, ...(terminal === undefined ? {} : { terminal }) };
        },
      }),
    };
    return slot;
  }
}

/** Whoever sits at a debugger takes the time it takes; a day is as long as a timer reaches well. */
function patient(health: HealthPlan): HealthPlan {
  return { ...health, startTimeoutMs: DAY_MS, intervalMs: DAY_MS };
}

/** `web` first, as everywhere. */
function byTypeAndIndex(a: Slot, b: Slot): number {
  if (a.process.type !== b.process.type) {
    if (a.process.type === 'web') return -1;
    if (b.process.type === 'web') return 1;
    return a.process.type < b.process.type ? -1 : 1;
  }
  return a.index - b.index;
}
