import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { echoApp, get, newHome } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test(
  'the packed tarball, installed globally into an empty folder, pushes an app',
  { timeout: 240_000 },
  async () => {
    const prefix = tempDir();
    const quiet = ['--silent', '--no-audit', '--no-fund'];
    // The bundle was built before the tests began; declarations are not needed to run.
    execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', prefix, ...quiet], {
      cwd: root,
      stdio: 'pipe',
    });
    const tarball = join(
      prefix,
      readdirSync(prefix).find((name) => name.endsWith('.tgz'))!,
    );
    execFileSync('npm', ['install', '-g', '--prefix', prefix, '--prefer-offline', tarball, ...quiet], {
      stdio: 'pipe',
    });
    const bin = join(prefix, 'bin/paas-local');
    const home = newHome();
    const app = echoApp('packed', 'services: {c: memcached}\n');
    const run = (...args: string[]) =>
      execFileSync(bin, args, { cwd: app, env: home.env, encoding: 'utf8', stdio: 'pipe' });
    const installed = createRequire(join(prefix, 'lib/node_modules/'));
    for (const dialect of ['stackato', 'cloud-foundry']) {
      expect(installed(`paas-local/schemas/${dialect}.json`)).toMatchObject({
        $schema: 'http://json-schema.org/draft-07/schema#',
        properties: { applications: { description: expect.stringContaining('Here: honoured') as string } },
      });
    }
    expect(run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { url } = JSON.parse(run('push', '--detach', '--json')) as { url: string };
    expect((await get(url)).body).toBe('hello from packed\n');
    run('stop', '--all');
  },
);
