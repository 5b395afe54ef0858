import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { EXPLAINED } from '../../cli/groups/explained.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { CF_ALIASES, CF_ALIASES_EXPLAINED, CF_COMMANDS, STACKATO_COMMANDS, words } from './known-commands.ts';

/** One command line in this process: none of those here needs a host. */
async function run(...argv: readonly string[]) {
  const home = tempDir();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runProgram({
    argv,
    env: { PAAS_LOCAL_HOME: home, NO_COLOR: '1' },
    cwd: home,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    output: { unread: new AbortController().signal, lost: new AbortController().signal },
    hostEntry: '/nowhere',
    execArgv: [],
  });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

/** As the help of the program lists them. */
async function listed(): Promise<readonly string[]> {
  const { stdout } = await run('help');
  return [...stdout.matchAll(/^ {2}([a-z][a-z-]*)(?:\|\S+)? (?:\[options\]|\[command\])/gm)].map(
    ([, name]) => name!,
  );
}

test('whatever a user of cf or stackato types is known', async () => {
  const unknown = [];
  for (const name of new Set([
    ...words(CF_COMMANDS),
    ...words(STACKATO_COMMANDS),
    ...words(CF_ALIASES_EXPLAINED),
  ])) {
    if (name === 'help') continue;
    const { stdout } = await run('help', name);
    if (
      !stdout.startsWith('Usage: paas-local ') ||
      stdout.startsWith('Usage: paas-local [options] [command]')
    )
      unknown.push(name);
  }
  expect(unknown).toEqual([]);
});

test.each(Object.entries(CF_ALIASES))('%s is %s', async (short, name) => {
  expect((await run('help', short)).stdout).toContain(`Usage: paas-local ${name}`);
});

test('a command without a meaning here says why in one line, whatever it is given, and is no failure', async () => {
  for (const name of EXPLAINED) {
    const { code, stdout, stderr } = await run(name, 'some', '--flag', 'x');
    expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^"${name}" is not needed here: [^\\n]+\\n$`));
  }
  const known = await listed();
  expect(known.filter((name) => EXPLAINED.includes(name))).toEqual([]);
  expect(JSON.parse((await run('login', '--json')).stdout)).toEqual({
    command: 'login',
    needed: false,
    why: 'there is no account here: whoever can read your files is you',
  });
});

describe('help', () => {
  test('is grouped, and says what the program alone can', async () => {
    const { stdout } = await run('help');
    expect([...stdout.matchAll(/^(\S[^\n]*):$/gm)].map(([, title]) => title)).toEqual([
      'Options',
      'Getting started',
      'Apps',
      'Instances and checks',
      'Logs and files',
      'Environment, tasks and one-off commands',
      'Routes',
      'Services',
      'Testing',
      'Space',
      'Commands',
      'Standalone',
      'Examples',
    ]);
  });

  test('of every command has examples, of options that it has', async () => {
    const names = (await listed()).filter((name) => name !== 'help');
    expect(names.length).toBeGreaterThan(60);
    for (const name of names) {
      const { stdout } = await run('help', name);
      const lines = [...stdout.matchAll(/^ {2}paas-local (.*)$/gm)].map(([, line]) => line!);
      expect({ name, lines: lines.filter((line) => !line.startsWith(name)) }).toEqual({ name, lines: [] });
      expect({ name, examples: lines.length > 0 }).toEqual({ name, examples: true });
      const own = lines.flatMap(
        (line) => line.split(/ -- | && |['"]/)[0]!.match(/(?<= )--?[a-z][a-z-]*/g) ?? [],
      );
      const missing = own.filter(
        (flag) => !new RegExp(`(^|[ ,])${flag}\\b`, 'm').test(stdout.split('\nExamples:')[0]!),
      );
      expect({ name, missing }).toEqual({ name, missing: [] });
    }
  });

  test.each([
    ['psuh', 'push'],
    ['service-kes', 'services'],
    ['creat-service', 'create-service'],
    ['helth', 'health'],
  ])('%s is met with what was meant', async (typed, meant) => {
    for (const argv of [[typed], ['help', typed]]) {
      const { code, stderr } = await run(...argv);
      expect(code).toBe(2);
      expect(stderr).toContain(`unknown command '${typed}'`);
      expect(stderr).toMatch(new RegExp(`Did you mean .*${meant}`));
    }
  });
});

test.each(['push', 'restart', 'restage'])('%s --strategy canary says why there is none', async (name) => {
  const { code, stderr } = await run(name, '--strategy', 'canary');
  expect(code).toBe(2);
  expect(stderr).toContain('a canary and the older instances could not be told apart. Use rolling');
});
