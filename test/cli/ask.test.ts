import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BIN, ECHO_SERVER, appFolder, get, newHome, type Home } from '../helpers/cli.ts';

/** `script` of util-linux gives a command a terminal. */
function hasScript(): boolean {
  const found = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');
  if (!found) process.stderr.write('skipped: questions on a terminal (no "script" of util-linux here)\n');
  return found === true;
}

const MANIFEST = `name: shop
mem: 128M
command: node server.js
env:
  KEY: {required: y, prompt: Secret key, hidden: y}
  LEVEL: {required: y, choices: [debug, info]}
  WHO: "\${ask Your name}"
`;

/** Types each answer when its question is shown; what was shown in the end. */
async function talk(
  home: Home,
  cwd: string,
  command: string,
  answers: readonly (readonly [RegExp, string])[],
): Promise<{ readonly shown: string; readonly code: number | null }> {
  const child = spawn('script', ['-qec', `${process.execPath} ${BIN} ${command}`, '/dev/null'], {
    cwd,
    env: { ...home.env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let shown = '';
  const left = [...answers];
  let from = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    const [next] = left;
    const match = next?.[0].exec(shown.slice(from));
    if (!next || !match) return;
    from += match.index + match[0].length;
    left.shift();
    child.stdin.write(next[1]);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  expect({ left, shown }).toMatchObject({ left: [] });
  return { shown, code };
}

describe.skipIf(!hasScript())('on a terminal', () => {
  test('questions are asked, hidden ones unseen, wrong ones again, and the answers outlive edits', async () => {
    const home = newHome();
    const cwd = appFolder({ 'manifest.yml': MANIFEST, 'server.js': ECHO_SERVER });
    const { shown, code } = await talk(home, cwd, 'push --detach', [
      [/Your name: /, 'bob\r'],
      [/Secret key: /, '\r'],
      [/A value is needed\.[^]*Secret key: /, 's3cret\r'],
      [/Enter LEVEL \(debug, info\): /, 'loud\r'],
      [/Choose one of debug, info\.[^]*Enter LEVEL \(debug, info\): /, 'info\r'],
    ]);
    expect(code).toBe(0);
    expect(shown).not.toContain('s3cret');
    const [url] = /http:\/\/shop\.localhost:\d+/.exec(shown)!;
    const values = async () => {
      const { KEY, LEVEL, WHO, NEW } = JSON.parse((await get(`${url}/env`)).body) as Record<string, string>;
      return { KEY, LEVEL, WHO, NEW };
    };
    expect(await values()).toEqual({ KEY: 's3cret', LEVEL: 'info', WHO: 'bob', NEW: undefined });

    // Without a terminal the answers of before count.
    writeFileSync(join(cwd, 'manifest.yml'), `${readFileSync(join(cwd, 'manifest.yml'), 'utf8')}  NEW: x\n`);
    await home.json(['push', '--detach'], { cwd });
    expect(await values()).toEqual({ KEY: 's3cret', LEVEL: 'info', WHO: 'bob', NEW: 'x' });
  });

  test('the end of input answers nothing, Ctrl-C ends the command', async () => {
    const home = newHome();
    const cwd = appFolder({ 'manifest.yml': MANIFEST });
    const ended = await talk(home, cwd, 'manifest', [[/Your name: /, '\u0004']]);
    expect(ended).toMatchObject({ code: 2, shown: expect.stringContaining('3 mistakes') });
    const interrupted = await talk(home, cwd, 'manifest', [[/Your name: /, '\u0003']]);
    expect(interrupted.code).toBe(130);
  });

  test('--no-prompt asks nothing', async () => {
    const { shown, code } = await talk(newHome(), appFolder({ 'manifest.yml': MANIFEST }), 'manifest -n', []);
    expect(code).toBe(2);
    expect(shown).toContain('there is nobody to answer');
  });

  test('init writes on a yes, and only then', async () => {
    const home = newHome();
    const cwd = appFolder({ 'index.html': '<p>hello' });
    const refused = await talk(home, cwd, 'init', [[/Write this to .*manifest\.yml\? \[yN\]: /, '\r']]);
    expect(refused.shown).toContain('Not written');
    const agreed = await talk(home, cwd, 'init', [[/Write this to .*manifest\.yml\? \[yN\]: /, 'y\r']]);
    expect(agreed.code).toBe(0);
    expect(readFileSync(join(cwd, 'manifest.yml'), 'utf8')).toMatch(/^name: /m);
  });

  test('Ctrl-C at a question says that nothing was done, Ctrl-D is a no', async () => {
    const home = newHome();
    const cwd = appFolder({
      'manifest.yml': 'name: page\nmem: 64M\nservices: {shelf: memcached}\n',
      'index.html': '<p>hello',
    });
    await home.json(['push', '--detach'], { cwd });
    await home.json(['snapshot-service', 'shelf']);
    const bare = appFolder({ 'index.html': '<p>hello' });
    const forgotten = join(home.folder, 'state/spaces/other/logs');
    mkdirSync(forgotten, { recursive: true });
    writeFileSync(join(forgotten, 'gone.log'), '');
    const questions: readonly (readonly [string, string, number])[] = [
      ['delete page', 'Nothing was deleted', 2],
      ['delete-service shelf', 'Nothing was deleted', 2],
      ['reset-service shelf', 'Nothing was emptied', 2],
      ['restore-service shelf', 'Nothing was put back', 2],
      ['prune --space other', 'Nothing was removed', 0],
      ['init', 'Nothing was written', 0],
    ];
    for (const [command, otherwise, code] of questions) {
      const interrupted = await talk(home, bare, command, [[/\[yN\]: /, '\u0003']]);
      expect(interrupted).toMatchObject({
        code: 130,
        shown: expect.stringMatching(new RegExp(`${otherwise}\r\n$`)),
      });
      const declined = await talk(home, bare, command, [[/\[yN\]: /, '\u0004']]);
      expect(declined).toMatchObject({ code, shown: expect.stringMatching(/\[yN\]: [^\r]*\r\n/) });
      expect(declined.shown).not.toMatch(/mistake in paas-local|AbortError/);
    }
    expect(existsSync(join(bare, 'manifest.yml'))).toBe(false);
    expect(existsSync(join(forgotten, 'gone.log'))).toBe(true);
    expect((await home.json<{ apps: unknown[] }>(['apps'])).apps).toHaveLength(1);
  });
});
