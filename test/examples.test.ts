import { cpSync, existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { get, newHome } from './helpers/cli.ts';
import { installed, PATIENT } from './helpers/project.ts';
import { tempDir } from './helpers/temp-dir.ts';

const examples = fileURLToPath(new URL('../examples', import.meta.url));

interface Pushed {
  readonly url: string;
  readonly services: readonly { readonly name: string; readonly port: number }[];
}
interface Details {
  readonly stats: { readonly get_hits: number; readonly get_misses: number; readonly cmd_set: number };
}

/** Tests of the app next door, whose manifest they are run with. */
const WITHOUT_MANIFEST = ['testing-pytest'];

test('every example has a manifest and a README', () => {
  for (const name of readdirSync(examples)) {
    const files = WITHOUT_MANIFEST.includes(name) ? ['README.md'] : ['manifest.yml', 'README.md'];
    for (const file of files) expect(existsSync(join(examples, name, file)), `${name}/${file}`).toBe(true);
  }
});

test('hello-cache counts its visits in the cache and names its services', async () => {
  const home = newHome();
  const cwd = join(examples, 'hello-cache');
  const { url } = await home.json<Pushed>(['push', '--detach'], { cwd });
  const first = await get(url);
  const second = await get(url);
  expect(first.status).toBe(200);
  expect(first.body).toContain('hello-cache');
  expect(second.body).not.toBe(first.body);
  const { stats } = await home.json<Details>(['service', 'hello-cache'], { cwd });
  expect(stats.get_hits + stats.cmd_set).toBeGreaterThan(0);
});

/** Why the Django example cannot run here, or undefined. In CI it must run. */
function djangoObstacle(): string | undefined {
  if (process.env.CI === 'true') return undefined;
  const python = spawnSync('python3', ['-c', 'import sys, venv, pip; sys.exit(sys.version_info < (3, 10))']);
  if (python.status !== 0) return 'no python3 ≥ 3.10 with venv and pip';
  const index = spawnSync(
    'python3',
    [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '-q',
      '-d',
      '/dev/null/nowhere',
      'sqlparse',
      '--timeout',
      '5',
      '--retries',
      '0',
    ],
    { encoding: 'utf8' },
  );
  return /No matching distribution|Could not find a version/.test(index.stderr)
    ? 'pip reaches no package index'
    : undefined;
}

const obstacle = djangoObstacle();
if (obstacle) console.log(`The Django example is skipped: ${obstacle}`);

test.skipIf(obstacle)(
  'django-gtd: installed once, hooks run, the second GET comes from the cache',
  { timeout: 400_000 },
  async () => {
    const home = newHome();
    const cwd = join(examples, 'django-gtd');
    const { url } = await home.json<Pushed>(['push', '--detach'], { cwd });
    const counts = async () => (await home.json<Details>(['service', 'memcached-gtd'], { cwd })).stats;

    const page = await get(`${url}/`);
    expect(page.status).toBe(200);
    const afterFirst = await counts();
    expect(afterFirst.cmd_set).toBeGreaterThan(0);
    expect((await get(`${url}/`)).body).toBe(page.body);
    const afterSecond = await counts();
    expect(afterSecond.get_hits).toBeGreaterThan(afterFirst.get_hits);
    expect(afterSecond.cmd_set).toBe(afterFirst.cmd_set);

    const log = (await home.run(['logs', '--recent'], { cwd })).stdout;
    expect(log).toMatch(/\[STG\/0\] OUT -----> .*migrate/);
    expect(log).toMatch(/\[STG\/0\] OUT -----> .*collectstatic/);

    const again = await home.run(['push', '--detach'], { cwd });
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('dependencies unchanged');
  },
);

/** What people copy is to be short. */
const MAX_LINES = 100;
const linesOf = (...path: string[]): number =>
  readFileSync(join(examples, ...path), 'utf8').split('\n').length;

test(
  'testing-vitest: hit, miss, expiry and outage, in less than a hundred lines',
  { timeout: 400_000 },
  async () => {
    expect(linesOf('testing-vitest', 'test', 'quotes.test.js')).toBeLessThan(MAX_LINES);
    // What of a clone counts: the folder above has a configuration of Vitest, which is not the example's.
    const clone = tempDir('pl-clone-');
    const root = join(examples, '..');
    for (const name of ['package.json', 'README.md', 'vitest.config.ts', 'dist'])
      cpSync(join(root, name), join(clone, name), { recursive: true });
    const folder = join(clone, 'examples/testing-vitest');
    cpSync(join(examples, 'testing-vitest'), folder, { recursive: true });
    // As README has it; what npm has fetched before is taken from its cache.
    const project = installed(folder);
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const got = await project.run('npm', install, process.env as Record<string, string>);
    expect(got.code, got.stderr).toBe(0);
    expect(lstatSync(join(folder, 'node_modules/paas-local')).isDirectory()).toBe(true);
    const { code, stdout, stderr } = await project.run('npm', ['test', '--', '--no-color', ...PATIENT]);
    expect(stdout + stderr).toContain('10 passed');
    expect(code).toBe(0);
  },
);

test.skipIf(obstacle)(
  'testing-pytest: the Django app by exec, in less than a hundred lines',
  { timeout: 400_000 },
  async () => {
    expect(linesOf('testing-pytest', 'test_gtd.py')).toBeLessThan(MAX_LINES);
    const home = newHome();
    const { code, stdout, stderr } = await home.run(
      ['exec', '--path', '../django-gtd', '--timeout', '3m', '--', 'pytest', '-p', 'no:cacheprovider'],
      { cwd: join(examples, 'testing-pytest'), env: { PYTHONDONTWRITEBYTECODE: '1' } },
    );
    expect(stdout + stderr).toContain('5 passed');
    expect(code).toBe(0);
  },
);
