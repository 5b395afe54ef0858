import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { pidsGone } from '../helpers/alive.ts';
import { echoApp, get, newHome } from '../helpers/cli.ts';

interface Listed {
  readonly processes: readonly { name: string; kind: string; pid: number; port?: number }[];
}

test('ps lists host, instances and services with what they listen on', async () => {
  const home = newHome();
  expect((await home.run(['ps'])).stdout).toBe('Nothing runs in space default\n');
  const { url } = await home.json<{ url: string }>(['push', '--detach'], {
    cwd: echoApp('shop', 'services: {c: memcached}\n'),
  });
  const { processes } = await home.json<Listed>(['ps']);
  expect(processes.map(({ name, kind }) => [name, kind])).toEqual([
    ['paas-local', 'host'],
    ['shop/web/0', 'app'],
    ['c', 'service'],
  ]);
  expect(processes[0]!.port).toBe(Number(new URL(url).port));
  expect(String(processes[1]!.pid)).toBe((await get(`${url}/pid`)).body);
  expect((await home.run(['ps'])).stdout).toMatch(/^name +kind +pid +port +state +command$/m);
});

test('apps says how to bring back what runs nowhere', async () => {
  const home = newHome();
  const none = await home.run(['apps']);
  expect(none.stderr).toBe('Push the one in this folder with: paas-local push\n');
  const { host } = await home.json<{ host: { pid: number } }>(['push', '--detach'], { cwd: echoApp('shop') });
  expect((await home.run(['apps'])).stderr).toBe('');
  process.kill(host.pid, 'SIGKILL');
  await pidsGone([host.pid]);
  expect((await home.run(['apps'])).stderr).toContain('Bring shop back with: paas-local start\n');
  expect((await home.run(['start'])).stdout).toContain('Brought back shop');
  await home.run(['stop', 'shop']);
  await home.run(['stop', '--all']);
  expect((await home.run(['apps'])).stderr).toContain('Start one with: paas-local start shop');
});

test.each([
  [['--space', 'other', 'apps'], 'paas-local COMMAND --space NAME'],
  [['--json', 'apps'], 'paas-local COMMAND --json'],
])('%j is told where the option belongs', async (args, words) => {
  const { code, stdout, stderr } = await newHome().run(args);
  expect(code).toBe(2);
  expect(stdout + stderr).toContain(`It stands behind the command: ${words}`);
});

test('prune removes what is kept of apps that are forgotten, when told to', async () => {
  const home = newHome();
  await home.json(['push', '--detach'], { cwd: echoApp('shop') });
  await home.run(['stop', '--all']);
  expect((await home.run(['prune'])).stdout).toBe('There is nothing to remove\n');
  const space = join(home.folder, 'state/spaces/default');
  mkdirSync(join(space, 'apps/old'), { recursive: true });
  writeFileSync(join(space, 'logs/old.log'), '');
  const shown = await home.run(['prune']);
  expect(shown.stdout).toContain('Nothing was removed; use -f to do so');
  expect(existsSync(join(space, 'apps/old'))).toBe(true);
  await home.run(['prune', '-f']);
  expect([existsSync(join(space, 'apps/old')), existsSync(join(space, 'logs/old.log'))]).toEqual([
    false,
    false,
  ]);
  expect(existsSync(join(space, 'logs/shop.log'))).toBe(true);
});

test('files lists and prints what is in the app, and nothing outside of it', async () => {
  const home = newHome();
  const folder = echoApp('shop');
  await home.json(['push', '--detach'], { cwd: folder });
  expect((await home.run(['files', 'shop'])).stdout).toMatch(/^manifest\.yml +\d+$/m);
  expect((await home.run(['files', 'shop', 'manifest.yml'])).stdout).toContain('name: shop');
  symlinkSync('/etc', join(folder, 'way-out'));
  for (const path of ['../..', 'way-out/hostname', 'missing'])
    expect(await home.run(['files', 'shop', path])).toMatchObject({ code: 2, stdout: '' });
});

describe('the command tree', () => {
  test('shows its groups and examples', async () => {
    const { stdout } = await newHome().run(['--help']);
    for (const title of ['Getting started:', 'Apps:', 'Routes:', 'Services:', 'Space:', 'Examples:'])
      expect(stdout).toContain(`${title}\n`);
    expect(stdout).not.toContain('login');
    expect((await newHome().run(['help', 'scale'])).stdout).toContain('paas-local scale -i 3');
  });

  test.each(['login', 'target', 'quotas', 'create-org', 'buildpacks'])('%s explains itself', async (name) => {
    const { code, stdout } = await newHome().run([name, 'words', '-u', 'me']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^"${name}" is not needed here: .+\n$`));
  });

  test('a misspelt command gets a suggestion', async () => {
    const { code, stderr } = await newHome().run(['pusj']);
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean push?');
  });
});

test.each(['push', 'plan', 'manifest', 'exec', 'ssh', 'trust', 'wait'])(
  'the help of %s tells a default once, and where there is one',
  async (command) => {
    const { stdout } = await newHome().run(['help', command]);
    expect(stdout).not.toMatch(/default: \[\]|default: 60000/);
    for (const line of stdout.split('\n')) expect(line.split('(default:').length).toBeLessThan(3);
  },
);

describe('completion', () => {
  test('bash completes commands, aliases’ options and files', async () => {
    const { stdout } = await newHome().run(['completion', 'bash']);
    const complete = (...words: string[]): string[] => {
      const script = `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_paas_local\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
    };
    expect(complete('paas-local', 'res')).toEqual(
      expect.arrayContaining(['restart', 'restage', 'restart-app-instance']),
    );
    expect(complete('paas-local', 'rs', '--str')).toEqual(['--strategy']);
    expect(complete('paas-local', 'logs', '--si')).toEqual(['--since']);
    expect(complete('paas-local', 'help', 'sca')).toEqual(['scale']);
    expect(complete('paas-local', 'log')).toEqual(['logs']);
  });

  test.each(['zsh', 'fish'])('%s gets every command with its words', async (shell) => {
    const { stdout } = await newHome().run(['completion', shell]);
    expect(stdout).toContain('scale');
    expect(stdout).toContain('Show what happened to an app, and why');
    const found = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' });
    if (found.error) process.stderr.write(`${shell} is not here: its script is not parsed\n`);
    else expect(found).toMatchObject({ status: 0, stderr: '' });
  });

  test('with --json it is one value, as of every command', async () => {
    const home = newHome();
    const { stdout } = await home.run(['completion', 'bash']);
    expect(await home.json(['completion', 'bash'])).toEqual({ shell: 'bash', script: stdout.trimEnd() });
  });

  test('an unknown shell is refused', async () => {
    const { code, stderr } = await newHome().run(['completion', 'tcsh']);
    expect(code).toBe(2);
    expect(stderr).toContain('bash, zsh, fish');
  });
});

test('50 commands at the same moment all get their answer', { timeout: 180_000 }, async () => {
  const home = newHome();
  await home.json(['push', '--detach'], { cwd: echoApp('shop') });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => home.json<{ apps: AppSnapshot[] }>(['apps'])),
  );
  expect(answers.map(({ apps }) => apps[0]!.state)).toEqual(Array.from({ length: 50 }, () => 'started'));
});

test('no command is declared twice: the whole tree can be built', async () => {
  const { code, stderr } = await newHome().run(['help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
