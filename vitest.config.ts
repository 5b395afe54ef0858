import { defineConfig } from 'vitest/config';

/** Bounds for what hangs; a machine that is slow or busy does not come near them. */
const shared = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 40_000 } },
  pool: 'forks',
} as const;
/** These run the bundle that is shipped, so it is built once before any of them. */
const program = ['test/cli/**/*.test.ts', 'test/examples.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { test: { ...shared, name: 'library', include: ['test/**/*.test.ts'], exclude: program } },
      { test: { ...shared, name: 'program', include: program, globalSetup: ['test/helpers/build-once.ts'] } },
    ],
  },
});
