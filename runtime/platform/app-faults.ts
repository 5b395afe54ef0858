/** Outages on demand of one app: what is done to the processes of its instances. */
import type { Instances } from './instances.ts';

export class AppFaults {
  readonly #instances: Instances;
  #paused = false;

  constructor(instances: Instances) {
    this.#instances = instances;
  }

  /** Its processes are killed, and dealt with as crashed. @returns how many instances that were */
  crash(): number {
    return this.#instances.signal('SIGKILL');
  }

  /** Its processes stand still until `resume`. @returns how many instances that are */
  pause(): number {
    this.#paused = true;
    return this.#instances.signal('SIGSTOP');
  }

  get paused(): boolean {
    return this.#paused;
  }

  resume(): number {
    if (!this.#paused) return 0;
    this.#paused = false;
    return this.#instances.signal('SIGCONT');
  }

  /** As if it had taken more memory than it may. @returns how many instances did */
  exhaust(): number {
    return this.#instances.slots.filter(({ instance }) => instance.exhaust()).length;
  }
}
