/** The test platform under the runners people use, each as its documentation says. */
import { describe, expect, test } from 'vitest';
import { allocatePort } from '../../runtime/ports/allocate.ts';
import { PATIENT, project } from '../helpers/project.ts';
import { SERVER } from '../runtime/testing/helpers.ts';

const APP = {
  'manifest.yml':
    'name: shop\nmem: 128M\ncommand: node server.js\nservices: {cache: memcached}\nignores: [node_modules, "*.test.*"]\n',
  'server.js': SERVER,
  'package.json': '{"name": "shop", "type": "commonjs"}',
};

describe('vitest', () => {
  test('one platform for a file, reset between tests, its timeline shown for the test that failed', async () => {
    const shop = project({
      ...APP,
      // The end of this answer comes after the test that asked for it has failed.
      'server.js': SERVER.replace(
        "if (pathname === '/cwd')",
        "if (pathname === '/late') { res.write('begun'); return setTimeout(() => res.end(), 10); }\n    $&",
      ),
      'shop.test.mjs': `
        import { expect } from 'vitest';
        import { test } from 'paas-local/vitest';
        const pids = new Set();
        test('keeps', async ({ platform }) => {
          pids.add(await (await platform.fetch('/pid')).text());
          await platform.fetch('/set?k=v');
          expect(await platform.service('cache').get('k')).toBe('v');
        });
        test('forgot', async ({ platform }) => {
          pids.add(await (await platform.fetch('/pid')).text());
          expect(await platform.service('cache').get('k')).toBeUndefined();
          expect(pids.size).toBe(1);
        });
        test('fails', async ({ platform }) => {
          await platform.fetch('/say?a-clue');
          await platform.fetch('/late');
          expect(1).toBe(2);
        });`,
    });
    const { code, stdout, stderr } = await shop.run('vitest', [
      'run',
      '--reporter=verbose',
      '--no-color',
      ...PATIENT,
    ]);
    const output = stdout + stderr;
    expect(output).toMatch(/✓ .*keeps/);
    expect(output).toMatch(/✓ .*forgot/);
    expect(output).toMatch(/× .*fails/);
    expect(output).toContain('What happened during "fails"');
    expect(output).toMatch(/GET 127\.0\.0\.1:\d+\/say\?a-clue → 200/);
    expect(output).toMatch(/GET 127\.0\.0\.1:\d+\/late → 200/);
    expect(output).toContain('OUT said a-clue');
    expect(output).not.toContain('was never stopped');
    expect(code).toBe(1);
  });

  test('a start that takes longer than a test may is told by what it waits for', async () => {
    const shop = project({
      ...APP,
      'manifest.yml': 'name: shop\nmem: 128M\ncommand: "echo thinking; exec sleep 100"\n',
      'shop.test.mjs': `
        import { test } from 'paas-local/vitest';
        test('never begins', ({ platform }) => {});`,
    });
    const { code, stderr } = await shop.run('vitest', ['run', '--no-color']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Not ready within 4 s: waited for app "shop" to be ready, saw last: shop: web\/0 starts/,
    );
    expect(stderr).toContain('It counts as time of the first test: see testTimeout');
    expect(stderr).toContain('Test timed out in 5000ms');
  });

  test('with options, for a worker and its files, not reset', async () => {
    const body = (file: string) => `
      import { expect } from 'vitest';
      import { test } from './platform.mjs';
      test('counts in ${file}', async ({ platform }) => {
        const cache = platform.service('cache');
        const n = Number((await cache.get('n')) ?? 0) + 1;
        await cache.set('n', String(n));
        console.log('count ' + n);
      });`;
    const shop = project({
      ...APP,
      'platform.mjs': `
        import { platformTest } from 'paas-local/vitest';
        export const test = platformTest({ scope: 'worker', resets: false, apps: [] });`,
      'a.test.mjs': body('a'),
      'b.test.mjs': body('b'),
    });
    const { code, stdout } = await shop.run('vitest', [
      'run',
      '--no-color',
      '--no-isolate',
      '--maxWorkers=1',
      ...PATIENT,
    ]);
    expect(stdout).toContain('count 1');
    expect(stdout).toContain('count 2');
    expect(code).toBe(0);
  });

  test('globalSetup hands one platform to all workers', async () => {
    const shop = project({
      ...APP,
      'platform.mjs': `
        import { providePlatform } from 'paas-local/vitest/setup';
        export default providePlatform();`,
      'vitest.config.mjs': `export default { test: { globalSetup: ['platform.mjs'] } };`,
      'shop.test.mjs': `
        import { expect, inject, test } from 'vitest';
        test('is handed over', async () => {
          const { url, urls, env } = inject('paasLocal');
          expect(await (await fetch(url)).text()).toBe('hello from shop');
          expect(urls.shop).toBe(url);
          expect(env.MEMCACHE_URL).toMatch(/^127/);
        });`,
    });
    const { code, stdout, stderr } = await shop.run('vitest', ['run', '--no-color', ...PATIENT]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('1 passed');
  });
});

test("node's own runner", async () => {
  const shop = project({
    ...APP,
    'shop.test.mjs': `
      import { after, before, beforeEach, test } from 'node:test';
      import assert from 'node:assert/strict';
      import { startPlatform } from 'paas-local/testing';

      let platform;
      before(async () => { platform = await startPlatform(); });
      beforeEach(() => platform.reset());
      after(() => platform.stop());

      test('keeps', async () => {
        await platform.fetch('/set?k=v');
        assert.equal(await platform.service('cache').get('k'), 'v');
      });
      test('forgot', async () => assert.deepEqual(await platform.service('cache').entries(), []));`,
  });
  const { code, stdout } = await shop.run('node', ['--test']);
  expect(stdout).toMatch(/^(# |ℹ )pass 2$/m);
  expect(code).toBe(0);
});

describe('Playwright', () => {
  const spec = `
    const { test, expect } = require('@playwright/test');
    test('says hello', async ({ request }) => {
      const answer = await request.get('/');
      expect(await answer.text()).toBe('hello from shop');
    });`;

  test('webServer starts and stops a push', async () => {
    const port = await allocatePort();
    const url = `http://127.0.0.1:${port}/`;
    const shop = project(
      {
        ...APP,
        'shop.spec.js': spec,
        'playwright.config.js': `
          module.exports = {
            webServer: {
              command: 'paas-local push --port ${port} --strict-ports --no-watch',
              url: '${url}',
              gracefulShutdown: { signal: 'SIGTERM', timeout: 60000 },
            },
            use: { baseURL: '${url}' },
          };`,
      },
      ['@playwright/test', 'playwright', 'playwright-core'],
    );
    const { code, stdout } = await shop.run('playwright', ['test', '--reporter=line']);
    expect(stdout).toContain('1 passed');
    expect(code).toBe(0);
    // Its host may need a moment to go; the app is gone.
    const after = await fetch(url).then(
      ({ status }) => status,
      () => 'refused',
    );
    expect([503, 'refused']).toContain(after);
  });

  test('inside exec, on any port', async () => {
    const shop = project(
      {
        ...APP,
        'shop.spec.js': spec,
        'playwright.config.js': `module.exports = { use: { baseURL: process.env.PAAS_LOCAL_URL } };`,
      },
      ['@playwright/test', 'playwright', 'playwright-core'],
    );
    const { code, stdout } = await shop.run('paas-local', [
      'exec',
      '--',
      'playwright',
      'test',
      '--reporter=line',
    ]);
    expect(stdout).toContain('1 passed');
    expect(code).toBe(0);
  });
});
