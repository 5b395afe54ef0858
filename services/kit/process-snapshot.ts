/**
 * All processes at one moment, indexed by what connects them. Making one costs 50 µs per process of the machine,
 * so that whoever looks at nearly the same moment (a hundred apps being stopped) looks at the same one.
 */
import { readMarkers } from './marked.ts';
import { isAlive, processRow, processTable, type ProcessRow } from './process-table.ts';

export class ProcessSnapshot {
  readonly #rows = new Map<number, ProcessRow>();
  readonly #children = new Map<number, number[]>();
  readonly #groups = new Map<number, number[]>();
  readonly #sessions = new Map<number, number[]>();
  readonly #markers = new Map<string, ReadonlyMap<string, readonly number[]>>();
  readonly takenAt = performance.now();
  #costMs = 0;

  constructor() {
    for (const row of processTable()) {
      this.#rows.set(row.pid, row);
      add(this.#children, row.parent, row.pid);
      add(this.#groups, row.group, row.pid);
      add(this.#sessions, row.session, row.pid);
    }
    this.#costMs = performance.now() - this.takenAt;
  }

  /**
   * Good for as long as it took to take, so that at most half of our time goes into looking. A family that is dead
   * in a snapshot stays dead, since the dead start nothing; only one that came later is missing from it.
   */
  isFresh(maxAgeMs: number): boolean {
    return performance.now() - this.takenAt <= this.#costMs + Math.max(maxAgeMs, this.#costMs);
  }

  row(pid: number): ProcessRow | undefined {
    return this.#rows.get(pid);
  }

  /** Members of a group or of the session of the same number. */
  ledBy(leader: number): readonly number[] {
    return [...(this.#groups.get(leader) ?? []), ...(this.#sessions.get(leader) ?? [])];
  }

  marked(variable: string, value: string): readonly number[] {
    let values = this.#markers.get(variable);
    if (!values) {
      const begun = performance.now();
      values = readMarkers(variable);
      this.#markers.set(variable, values);
      for (const pid of [...values.values()].flat()) this.#addLater(pid);
      this.#costMs += performance.now() - begun;
    }
    return values.get(value) ?? [];
  }

  /** One that was started while we were looking. Its family is not known, but it must not be missed. */
  #addLater(pid: number): void {
    const row = this.#rows.has(pid) ? undefined : processRow(pid);
    if (row) this.#rows.set(pid, row);
  }

  /** These and all that descends from them, as far as they live. */
  family(pids: Iterable<number>): readonly ProcessRow[] {
    const members = new Set(pids);
    // A Set hands out what is added while it is walked, so this reaches grandchildren too.
    for (const pid of members) for (const child of this.#children.get(pid) ?? []) members.add(child);
    return [...members].flatMap((pid) => this.#rows.get(pid) ?? []).filter(isAlive);
  }
}

let latest: ProcessSnapshot | undefined;

/**
 * @param after a moment of `performance.now()`: a snapshot from before is of no use
 * @param maxAgeMs how old it may be; as old as it was dear in any case
 */
export function recentSnapshot(after: number, maxAgeMs = 0): ProcessSnapshot {
  if (!latest || latest.takenAt < after || !latest.isFresh(maxAgeMs)) latest = new ProcessSnapshot();
  return latest;
}

function add(index: Map<number, number[]>, key: number, pid: number): void {
  const pids = index.get(key);
  if (pids) pids.push(pid);
  else index.set(key, [pid]);
}
