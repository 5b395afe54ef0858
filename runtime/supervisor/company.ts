/**
 * A process and its sidecars as one: they start together, and the first that exits takes the others along, as a
 * container does. Without sidecars it is the process itself.
 */
import {
  startProcess,
  type ExitFacts,
  type ManagedProcess,
  type ProcessSpec,
  type Termination,
} from '../../services/kit/process.ts';

export interface Member extends ProcessSpec {
  /** The sidecar's name; undefined for the process itself. */
  readonly sidecar: string | undefined;
}

export interface CompanyEnd extends Termination {
  readonly sidecar?: string;
  readonly own: ExitFacts;
}

export interface Company {
  readonly pid: number;
  /** Leaders, the process itself first. */
  readonly pids: readonly number[];
  /** The first exit of any. */
  readonly exited: Promise<ExitFacts>;
  /** Nothing of any lives. Tells the exit of the first, which sidecar that was, and the exit of the process itself. */
  readonly ended: Promise<CompanyEnd>;
  members(): readonly number[];
  terminate(options: { readonly graceMs: number }): Promise<unknown>;
}

/**
 * @param graceMs from TERM to KILL for those that are left when one exits by itself
 * @throws ProcessError; none of them lives then
 */
export async function startCompany(members: readonly Member[], graceMs: number): Promise<Company> {
  const started = members.map((member) => ({ member, process: startProcess(member) }));
  const spawned = await Promise.allSettled(started.map(({ process }) => process.spawned));
  const failure = spawned.find((one) => one.status === 'rejected');
  if (failure) {
    const alive = started.filter((_, index) => spawned[index]!.status === 'fulfilled');
    await Promise.all(alive.map(({ process }) => process.kill()));
    throw failure.reason;
  }
  const all: readonly ManagedProcess[] = started.map(({ process }) => process);
  const first = Promise.race(
    started.map(async ({ member, process }) => ({ member, exit: await process.exited })),
  );
  const terminate = (options: { readonly graceMs: number }) =>
    Promise.all(all.map((process) => process.terminate(options)));
  return {
    pid: all[0]!.pid!,
    pids: all.map(({ pid }) => pid!),
    exited: first.then(({ exit }) => exit),
    ended: untilEnded(),
    members: () => all.flatMap((process) => process.members()),
    terminate,
  };

  async function untilEnded(): Promise<CompanyEnd> {
    const { member, exit } = await first;
    if (all.length > 1) void terminate({ graceMs }).catch(() => {}); // `ended` tells
    const ends = await Promise.all(all.map((process) => process.ended));
    const { sidecar } = member;
    const forced = ends.some((end) => end.forced);
    const { code, signal } = ends[0]!;
    return { ...exit, own: { code, signal }, forced, ...(sidecar === undefined ? {} : { sidecar }) };
  }
}
