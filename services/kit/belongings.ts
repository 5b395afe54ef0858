/**
 * All that came of one started process: its group, its session, its descendants, and whoever carries its
 * marker. Each way of escaping leaves another trace, so all four are followed:
 *
 *     setpgid             still in the session
 *     setsid              still a descendant
 *     setsid, fork twice  still marked
 *     clears its environment and sets its own session, but keeps its parent: still a descendant
 */
import { sendSignal, type Marker } from './marked.ts';
import { recentSnapshot } from './process-snapshot.ts';
import type { ProcessRow } from './process-table.ts';

export class Belongings {
  readonly #leader: number;
  readonly #marker: Marker;
  /** Members outside the group by number, with the start time that tells them from a later process. */
  readonly #outside = new Map<number, string>();
  /** When something was last known to have changed: looks from before are of no use. */
  #since = performance.now();
  #groupAlive = true;
  /** Who was asked to end, so that nobody is asked twice: many programs take a second signal for impatience. */
  readonly #asked = new Set<number>();

  /** @param leader number of a process that leads its own group and session */
  constructor(leader: number, marker: Marker) {
    this.#leader = leader;
    this.#marker = marker;
  }

  /** To be called as soon as the leader was collected, before its number can be given anew. */
  leaderExited(): void {
    this.#since = performance.now();
    void this.maybeAlive;
  }

  /** A cheap look (a signal 0 each): whether any known member is there. Dead but uncollected ones count. */
  get maybeAlive(): boolean {
    if (this.#groupAlive && !exists(-this.#leader)) {
      // Never asked again: once empty, the number may be given to a stranger.
      this.#groupAlive = false;
    }
    return this.#groupAlive || [...this.#outside.keys()].some(exists);
  }

  /** A thorough look at all processes, finding new members. Living ones only. */
  look(): readonly ProcessRow[] {
    const stillLeading = this.maybeAlive && this.#groupAlive;
    const snapshot = recentSnapshot(this.#since);
    const known = [...this.#outside].filter(([pid, start]) => snapshot.row(pid)?.startTime === start);
    const alive = snapshot
      .family([
        ...(stillLeading ? snapshot.ledBy(this.#leader) : []),
        ...snapshot.marked(this.#marker.variable, this.#marker.value),
        ...known.map(([pid]) => pid),
      ])
      .filter((row) => row.pid !== process.pid);
    this.#outside.clear();
    for (const row of alive) {
      if (row.group !== this.#leader) this.#outside.set(row.pid, row.startTime);
    }
    return alive;
  }

  /** To the group at once, so that no fork slips through, and to each member outside. */
  signal(signal: NodeJS.Signals): void {
    if (this.#groupAlive) sendSignal(-this.#leader, signal);
    for (const pid of this.#outside.keys()) sendSignal(pid, signal);
  }

  /**
   * To whoever did not get it yet. The group gets it once and as a whole: what it starts afterwards is its way of
   * ending (a shutdown hook, a pool's last words) and must not be cut short.
   */
  signalOnce(signal: NodeJS.Signals): void {
    const targets = [...(this.#groupAlive ? [-this.#leader] : []), ...this.#outside.keys()];
    for (const target of targets) {
      if (!this.#asked.has(target)) sendSignal(target, signal);
      this.#asked.add(target);
    }
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there but changed its user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
