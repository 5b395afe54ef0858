/** For Vitest's `globalSetup`: one platform for all workers, whose address they are handed. */
import type { TestProject } from 'vitest/node';
import type { StartOptions } from './options.ts';
import { start } from './start.ts';
import { callerOf } from './told.ts';

/** What a test gets by `inject('paasLocal')`. Plain JSON. */
export interface ProvidedPlatform {
  /** Of the first app; empty where only services run. */
  readonly url: string;
  /** App name → URL. */
  readonly urls: Readonly<Record<string, string>>;
  /** What the first app was given: `MEMCACHE_URL`, `VCAP_SERVICES` … */
  readonly env: Readonly<Record<string, string>>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    paasLocal: ProvidedPlatform;
  }
}

/**
 * @example
 * // test/platform.ts, named under globalSetup in vitest.config.ts
 * export default providePlatform({ folder: 'shop' });
 */
export function providePlatform(
  options: StartOptions = {},
): (project: Pick<TestProject, 'provide'>) => Promise<() => Promise<void>> {
  const startedAt = callerOf(providePlatform);
  return async (project) => {
    const { platform, inside } = await start(options, { startedAt, ours: true });
    const [first] = inside.platform.snapshot().apps;
    project.provide('paasLocal', {
      url: platform.apps[0]?.url ?? '',
      urls: Object.fromEntries(platform.apps.map(({ name, url }) => [name, url])),
      env: first ? platform.envOf(first.name) : {},
    });
    return () => platform.stop();
  };
}
