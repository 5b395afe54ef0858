/** Vitest's `test` with a `platform`: started once, reset between tests, its timeline printed when a test fails. */
import { test as base, type TestAPI } from 'vitest';
import type { StartOptions } from './options.ts';
import { start } from './start.ts';
import type { TestPlatform } from './test-platform.ts';
import { callerOf } from './told.ts';

export interface PlatformFixtures {
  /** Started for the file (or the worker) before its first test. */
  readonly platform: TestPlatform;
}

export interface PlatformTestOptions extends StartOptions {
  /** One platform for each test file, or one for each worker, shared by the files it runs. Default: `file`. */
  readonly scope?: 'file' | 'worker';
  /** Put the services' data back before each test. Default: true. */
  readonly resets?: boolean;
}

/**
 * A `test` for this manifest.
 * @example
 * const test = platformTest({ folder: 'shop' });
 * test('says hello', async ({ platform }) => expect((await platform.fetch('/')).status).toBe(200));
 */
export function platformTest(options: PlatformTestOptions = {}): TestAPI<PlatformFixtures> {
  return testFor(options, callerOf(platformTest));
}

/** For the manifest of the folder the tests are run in. */
export const test: TestAPI<PlatformFixtures> = testFor(
  {},
  'paas-local/vitest, for the folder the tests run in',
);

/** The start is part of the first test, whose time may be over before ours: then Vitest says no more than that. */
const SLOW = {
  afterMs: 4000,
  tell: (waiting: string): void => {
    // oxlint-disable-next-line no-console -- the runner shows it beside the test
    console.error(
      `${waiting}. It counts as time of the first test: see testTimeout in Vitest's configuration`,
    );
  },
};

function testFor(options: PlatformTestOptions, startedAt: string): TestAPI<PlatformFixtures> {
  const { scope = 'file', resets = true, ...starting } = options;
  return base.extend<PlatformFixtures & { readonly watched: void }>({
    platform: [
      // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the pattern which fixtures are needed
      async ({}, use) => {
        const { platform } = await start(starting, { startedAt, ours: true, slow: SLOW });
        try {
          await use(platform);
        } finally {
          await platform.stop();
        }
      },
      { scope },
    ],
    watched: [
      async ({ platform, onTestFailed }, use) => {
        if (resets) await platform.reset();
        onTestFailed(async ({ task }) => {
          await platform.settled();
          // oxlint-disable-next-line no-console -- the runner shows it beside the test
          console.error(`What happened during "${task.name}"\n${platform.debug()}`);
        });
        await use();
      },
      { auto: true },
    ],
  }) as unknown as TestAPI<PlatformFixtures>;
}
