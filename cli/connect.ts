/** Finds this space's host, or starts one. Every command is a client of it. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnDetached } from '../services/kit/process.ts';
import { ControlClient } from '../runtime/control/client.ts';
import type { HostAnnouncement } from '../runtime/host-program.ts';
import { errorFromJson, PaasError } from '../runtime/kernel/errors.ts';
import { makeSpace, systemReason } from '../runtime/state/home.ts';
import { lockHolder } from '../runtime/state/lock.ts';
import type { Context } from './context.ts';
import { warn } from './render/warn.ts';

export interface HostWishes {
  readonly port: number;
  readonly tlsPort: number;
  readonly strictPorts: boolean;
  /** What the host will be asked. */
  readonly coming?: 'push';
}

/** A host that holds the lock may still be starting (or cleaning up after another) for this long. */
const STARTING_MS = 20_000;
const LOOK_MS = 10;
/** Garbage otherwise grows a host by 20 to 30 MiB before V8 looks at it. */
const HOST_HEAP = ['--max-semi-space-size=2', '--optimize-for-size'];
/**
 * For glibc, which else has a pool of memory for each thread, and raises the size from which a block is given back to the
 * system to that of a cache's items: the memory of caches that are gone would stay.
 */
const HOST_MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

/** The running host, or undefined. */
export async function connectIfRunning(
  context: Context,
  coming?: HostWishes['coming'],
): Promise<ControlClient | undefined> {
  let until: number | undefined;
  for (;;) {
    const holder = lockHolder(context.paths.lock);
    if (!holder) return undefined;
    try {
      return await ControlClient.connect(holder.socket, { coming });
    } catch (error) {
      if (error instanceof PaasError && error.code !== 'HOST_LOST') throw error;
      until ??= performance.now() + STARTING_MS;
      if (performance.now() > until) {
        throw new PaasError(
          'HOST_LOST',
          { reason: 'it does not answer', log: context.paths.hostLog },
          { cause: error },
        );
      }
    }
    await sleep(LOOK_MS);
  }
}

/** @throws PaasError `HOST_START_FAILED`, `HOST_VERSION_MISMATCH`, `STATE_NOT_WRITABLE`, and what the host met when it started */
export async function connect(context: Context, wishes: HostWishes): Promise<ControlClient> {
  const running = await connectIfRunning(context, wishes.coming);
  if (running) return running;
  const { paths, world } = context;
  makeSpace(paths);
  const log = paths.hostLog;
  try {
    appendFileSync(log, `--- ${new Date().toISOString()}\n`, { mode: 0o600 });
  } catch (error) {
    // What is wrong with the folder will be wrong for the host too, which has no place to say it.
    const facts = { folder: paths.root, reason: systemReason(error) };
    throw new PaasError('STATE_NOT_WRITABLE', facts, { cause: error });
  }
  const ports = ['--port', String(wishes.port), '--tls-port', String(wishes.tlsPort)];
  const args = ['--home', paths.home, '--space', paths.name, ...ports];
  const child = spawnDetached({
    file: process.execPath,
    args: [
      ...HOST_HEAP,
      ...world.execArgv,
      world.hostEntry,
      ...args,
      ...(wishes.strictPorts ? ['--strict-ports'] : []),
      ...(wishes.coming === 'push' ? ['--for-push'] : []),
    ],
    // Not the user's folder: the host would keep it from being unmounted, and outlives the command.
    cwd: paths.root,
    env: Object.fromEntries(
      Object.entries({ ...HOST_MALLOC, ...context.env }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    ),
    logFile: log,
    readyTimeoutMs: STARTING_MS,
    tethered: true,
  });
  const line = await child.readyLine.catch((error: unknown) => {
    throw new PaasError('HOST_START_FAILED', {
      reason: error instanceof Error ? error.message : String(error),
      log,
    });
  });
  const said = parseAnnouncement(line, log);
  if ('failed' in said) throw errorFromJson(said.failed);
  // Another command's host won the race: that one answers, maybe after finishing its own start.
  if ('taken' in said) return (await connectIfRunning(context)) ?? connect(context, wishes);
  if (said.ready.problem) warn(context, errorFromJson(said.ready.problem));
  return ControlClient.connect(said.ready.socket);
}

/** Something that was loaded into the host, by NODE_OPTIONS for example, may have printed a line of its own. */
function parseAnnouncement(line: string, log: string): HostAnnouncement {
  try {
    return JSON.parse(line) as HostAnnouncement;
  } catch {
    throw new PaasError('HOST_START_FAILED', { reason: `it printed "${line.slice(0, 200)}" first`, log });
  }
}
