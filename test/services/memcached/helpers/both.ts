import { afterAll, beforeAll } from 'vitest';
import {
  createServer,
  type CacheServer,
  type CacheServerOptions,
} from '../../../../services/memcached/server.ts';
import { exchange } from './exchange.ts';
import { referenceVersion, startReference, type Reference } from './reference.ts';

const RESET = 'flush_all\r\nstats detail off\r\nstats reset\r\n';

export interface Answers<T> {
  readonly mine: T;
  readonly theirs: T;
}

/** Why there is nothing to compare with, once; undefined if there is. */
export function referenceObstacle(what: string): string | undefined {
  const installed = referenceVersion();
  if ('version' in installed) return undefined;
  if (process.env.CI === 'true') throw new Error(installed.reason);
  console.log(`${what} skipped: ${installed.reason}`);
  return installed.reason;
}

/**
 * The reference and ours, started before the tests of a block and stopped after them.
 * @returns asks both the same, after emptying them
 */
export function bothServers(
  args: readonly string[] = [],
  options: CacheServerOptions = {},
  env: Readonly<Record<string, string>> = {},
): <T>(ask: (port: number) => Promise<T>) => Promise<Answers<T>> {
  let reference: Reference;
  let ours: CacheServer;
  beforeAll(async () => {
    reference = await startReference(args, env);
    ours = await createServer({ threads: 1, ...options });
  });
  afterAll(async () => {
    await ours[Symbol.asyncDispose]();
    await reference[Symbol.asyncDispose]();
  });
  return async (ask) => {
    const ports = [ours.port, reference.port] as const;
    await Promise.all(ports.map((port) => exchange(port, [RESET])));
    const [mine, theirs] = await Promise.all([ask(ports[0]), ask(ports[1])]);
    return { mine, theirs };
  };
}
