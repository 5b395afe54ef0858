/** What the documentation of the test platform says is run as it stands there. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { allocatePort } from '../../runtime/ports/allocate.ts';
import { newHome } from '../helpers/cli.ts';
import { linked, PATIENT, project } from '../helpers/project.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { cacheApp, SERVER } from '../runtime/testing/helpers.ts';

const readme = readFileSync(
  fileURLToPath(new URL('../../runtime/testing/README.md', import.meta.url)),
  'utf8',
);
/** By the name in their first line. */
const blocks = new Map(
  [...readme.matchAll(/^```\w+\n(?:\/\/|#) (\S+)\n(.*?)^```/gms)].map(([, name, text]) => [name!, text!]),
);
const block = (name: string): string => {
  const text = blocks.get(name);
  if (text === undefined) throw new Error(`The documentation has no ${name}`);
  return text;
};

const front = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');

const APP = {
  'manifest.yml':
    'name: shop\nmem: 128M\ncommand: node server.js\nservices: {cache: memcached}\nignores: [node_modules]\n',
  'server.js': SERVER,
  'package.json': '{"name": "shop", "type": "commonjs"}',
};

test('the test of the front page, in the example it speaks of', async () => {
  const [, text] = /^## Testing\n[^]*?^```js\n([^]*?)^```/m.exec(front)!;
  const folder = tempDir('pl-front-');
  cpSync(fileURLToPath(new URL('../../examples/hello-cache', import.meta.url)), folder, { recursive: true });
  writeFileSync(join(folder, 'front.test.mjs'), text!);
  const { code, stdout, stderr } = await linked(folder, ['vitest']).run('vitest', [
    'run',
    '--no-color',
    ...PATIENT,
  ]);
  expect(stdout + stderr).toContain('1 passed');
  expect(code).toBe(0);
});

test("the test for node's runner", async () => {
  const shop = project({ ...APP, 'any.test.mjs': block('any.test.mjs') });
  const { code, stdout } = await shop.run('node', ['--test']);
  expect(stdout).toMatch(/^(# |ℹ )pass 2$/m);
  expect(code).toBe(0);
});

test("Vitest's, and its globalSetup", async () => {
  const shop = project({
    ...APP,
    'vitest.test.mjs': block('vitest.test.mjs'),
    'platform.mjs': block('platform.mjs'),
    'vitest.config.mjs': `export default { test: { globalSetup: ['platform.mjs'] } };`,
    'injected.test.mjs': `
      import { expect, inject, test } from 'vitest';
      test('is handed over', () => expect(Object.keys(inject('paasLocal'))).toEqual(['url', 'urls', 'env']));`,
  });
  const { code, stdout, stderr } = await shop.run('vitest', ['run', '--no-color', ...PATIENT]);
  expect(stdout + stderr).toContain('2 passed');
  expect(code).toBe(0);
});

test("Playwright's webServer", async () => {
  const port = await allocatePort();
  const shop = project(
    {
      ...APP,
      'shop.spec.js': `
        const { test, expect } = require('@playwright/test');
        test('says hello', async ({ request }) => expect(await (await request.get('/')).text()).toBe('hello from shop'));`,
      'playwright.config.js': block('playwright.config.js').replaceAll('4173', String(port)),
    },
    ['@playwright/test', 'playwright', 'playwright-core'],
  );
  const { code, stdout } = await shop.run('playwright', ['test', '--reporter=line']);
  expect(stdout).toContain('1 passed');
  expect(code).toBe(0);
});

test('every command line is understood', async () => {
  const home = newHome();
  const folder = cacheApp();
  await home.json(['push', '--detach'], { cwd: folder });
  const lines = [...readme.matchAll(/^ {4}paas-local (fault.*)$/gm)].map(([, line]) => line!.split(' '));
  expect(lines.length).toBeGreaterThan(4);
  for (const args of lines) expect(await home.run(args), args.join(' ')).toMatchObject({ code: 0 });
});

test('the snippets for CI systems: commands that exist, in YAML that is one', async () => {
  const github = parse(block('.github/workflows/test.yml')) as {
    jobs: { test: { steps: { run?: string }[] } };
  };
  const gitlab = parse(block('.gitlab-ci.yml')) as { test: { script: string[]; after_script: string[] } };
  expect(github.jobs.test.steps.at(-1)!.run).toBe('npx --no paas-local exec --timeout 2m -- npm test');
  const home = newHome();
  const folder = cacheApp('shop', '', {
    'package.json': JSON.stringify({ name: 'shop', scripts: { start: 'node server.js', test: 'node -e 0' } }),
  });
  const { test: job } = gitlab;
  for (const line of [...job.script, ...job.after_script].filter((one) => one.includes('paas-local'))) {
    const args = line
      .replace(/^npx --no paas-local /, '')
      .replace(/ > .*$/, '')
      .split(' ');
    expect(await home.run(args, { cwd: folder }), line).toMatchObject({ code: 0 });
  }
  expect(JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8'))).toHaveProperty('url');
  // What a job writes into the folder is no reason to restart the app it tests.
  const pushes = job.script.filter((line) => /paas-local push/.test(line));
  expect(pushes).toEqual([expect.stringContaining('--no-watch')]);
  const exec = await home.run(['exec', '--timeout', '2m', '--', 'npm', 'test'], { cwd: folder });
  expect(exec).toMatchObject({ code: 0 });
});
