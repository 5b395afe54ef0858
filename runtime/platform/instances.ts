/** The instances of one app: made, awaited and stopped together, each with an index and a port of its own. */
import { randomUUID } from 'node:crypto';
import type { InstanceMoment } from '../events.ts';
import type { Log } from '../logs/log.ts';
import type { ProcessPlan } from '../plan/types.ts';
import { allocatePort } from '../ports/allocate.ts';
import type { RouteEndpoint } from '../router/types.ts';
import { createInstance } from '../supervisor/instance.ts';
import type { Instance, Launch } from '../supervisor/types.ts';
import type { AppOptions } from './app-options.ts';
import { HOST } from './app-options.ts';

export interface Slot {
  readonly process: ProcessPlan;
  readonly index: number;
  readonly instanceId: string;
  readonly instance: Instance;
  /** Of its latest run; 0 before the first. */
  port: number;
}

export interface InstancesOptions extends Pick<AppOptions, 'policy' | 'graceMs' | 'guardian'> {
  readonly log: Log;
  /** How to start this instance now; its port is set. */
  readonly launch: (slot: Slot) => Omit<Launch, 'port'>;
  readonly onMoment: (slot: Slot, moment: InstanceMoment) => void;
}

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

  /** Those that requests can be sent to. */
  get endpoints(): readonly RouteEndpoint[] {
    return this.#slots.flatMap(({ process, index, instanceId, instance: { status } }) =>
      process.type === 'web' && status.state === 'running' && status.port !== undefined
        ? [{ instanceId, instanceIndex: index, host: status.host ?? HOST, port: status.port }]
        : [],
    );
  }

  /** Starts as many of each process as it asks for. */
  start(processes: readonly ProcessPlan[]): void {
    this.#slots = processes.flatMap((process) =>
      Array.from({ length: process.instances }, (_, index) => this.#makeSlot(process, index)),
    );
    for (const { instance } of this.#slots) instance.start();
  }

  async stop(graceMs?: number): Promise<void> {
    await Promise.all(
      this.#slots.map(({ instance }) => instance.stop(graceMs === undefined ? {} : { graceMs })),
    );
    this.#slots = [];
  }

  async kill(): Promise<void> {
    await Promise.all(this.#slots.map(({ instance }) => instance.kill()));
  }

  #makeSlot(process: ProcessPlan, index: number): Slot {
    const { log, policy, graceMs, guardian, launch, onMoment } = this.#options;
    const source = `APP/PROC/${process.type.toUpperCase()}`;
    const slot: Slot = {
      process,
      index,
      instanceId: randomUUID(),
      port: 0,
      instance: createInstance({
        health: process.health,
        policy,
        graceMs,
        guardian,
        log: (stream, text) => log.append({ source, instance: index, stream, text }),
        report: (moment) => onMoment(slot, moment),
        note: (text) => log.append({ source: 'CELL', instance: index, stream: 'OUT', text }),
        prepare: async () => {
          slot.port = await allocatePort({ host: HOST });
          return { ...launch(slot), port: slot.port };
        },
      }),
    };
    return slot;
  }
}
