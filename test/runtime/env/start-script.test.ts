import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hookScript, shellText, startScript } from '../../../runtime/env/start-script.ts';
import { inheritedEnv, toolEnv } from '../../../runtime/env/shell-env.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const span = { file: 'm', line: 1, column: 1, length: 1, source: '' };
const variable = (name: string, value: string) => ({ name, value, origin: 'test' });

function sh(script: string, env: Record<string, string> = {}): string {
  const home = env.HOME ?? tempDir();
  const environment = { PATH: '/usr/bin:/bin', HOME: home, ...env };
  return execFileSync('/bin/bash', ['-c', script], {
    cwd: home,
    env: environment,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

describe('values are shell text', () => {
  test.each([
    ['$GREETING world', 'hello world'],
    ['`echo tick`', 'tick'],
    ['$(echo sub)', 'sub'],
    ['say "hi"', 'say "hi"'],
    ["it's", "it's"],
    ['ends with a backslash \\', 'ends with a backslash \\'],
    ['a \\" b', 'a \\" b'],
    ['{"json": [1, 2]}', '{"json": [1, 2]}'],
    ['two\nlines', 'two\nlines'],
  ])('%j', (value, expected) => {
    expect(sh(`A=${shellText(value)}; printf %s "$A"`, { GREETING: 'hello' })).toBe(expected);
  });
});

test('pre-running hooks share one shell with the command, in order', () => {
  const home = tempDir();
  mkdirSync(join(home, 'sub'));
  const script = startScript({
    dialect: 'stackato',
    exports: [variable('A', '$HOME/a')],
    preRunning: [
      { command: 'cd sub', ignoreFailure: false, span },
      { command: 'export WHERE=$PWD', ignoreFailure: false, span },
      { command: 'exit_with_nothing_like_it', ignoreFailure: true, span },
    ],
    command: 'echo "$A|$WHERE|$PWD"',
  });
  const lines = sh(script, { HOME: home }).trim().split('\n');
  expect(lines.at(-1)).toBe(`${home}/a|${home}/sub|${home}`);
  expect(lines[0]).toBe('-----> cd sub');
});

test('a failing pre-running hook ends the start with its status', () => {
  const script = startScript({
    dialect: 'stackato',
    exports: [],
    preRunning: [{ command: 'false', ignoreFailure: false, span }],
    command: 'echo started',
  });
  expect(() => sh(script)).toThrow(
    expect.objectContaining({ status: 1, stdout: expect.not.stringContaining('started') }),
  );
});

describe('profile scripts run before the command', () => {
  const write = (files: Readonly<Record<string, string>>): string => {
    const home = tempDir();
    mkdirSync(join(home, '.profile.d/folder'), { recursive: true });
    mkdirSync(join(home, 'sub'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text);
    return home;
  };
  const files = {
    '.profile.d/b.sh': 'said="$said b"\n',
    '.profile.d/a file': 'said="$said a"\n',
    '.profile.d/.hidden.sh': 'said="$said hidden"\n',
    '.profile': 'export said="$said profile"; cd sub\n',
  };
  const command = 'echo "$said in ${PWD##*/}"';

  test('Cloud Foundry: every file that is not hidden, in order of names; the command stays where they went', () => {
    const home = write(files);
    const script = startScript({ dialect: 'cloud-foundry', exports: [], preRunning: [], command });
    expect(sh(script, { HOME: home })).toBe(' a b profile in sub\n');
  });

  test('Stackato: *.sh; the command begins in the app’s folder', () => {
    const home = write(files);
    const script = startScript({ dialect: 'stackato', exports: [], preRunning: [], command });
    expect(sh(script, { HOME: home })).toBe(` b profile in ${basename(home)}\n`);
  });
});

test('the command replaces the shell, so signals reach it', () => {
  const own = sh(
    `echo $$; ${startScript({ dialect: 'stackato', exports: [], preRunning: [], command: 'sh -c "echo \\$\\$"' })}`,
  )
    .trim()
    .split('\n');
  expect(own[0]).toBe(own[1]);
});

test('a staging hook runs in the app folder with the variables', () => {
  const home = tempDir();
  expect(sh(hookScript([variable('A', 'x')], 'echo "$A $PWD" && echo done'), { HOME: home })).toBe(
    `x ${home}\ndone\n`,
  );
});

test('only the allowlist of the shell reaches an app', () => {
  const shell = {
    PATH: '/bin',
    HOME: '/nowhere',
    SECRET: 's',
    AWS_KEY: 'k',
    LC_ALL: 'C',
    HTTPS_PROXY: 'p',
    PIP_INDEX_URL: 'i',
  };
  expect(inheritedEnv(shell)).toEqual({
    PATH: '/bin',
    LC_ALL: 'C',
    LANG: 'en_US.UTF-8',
    USER: expect.any(String),
  });
  expect(toolEnv(shell)).toMatchObject({ HOME: '/nowhere', HTTPS_PROXY: 'p', PIP_INDEX_URL: 'i' });
  expect(toolEnv(shell)).not.toHaveProperty('SECRET');
});
