import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { newHome } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test(
  'every command of the README runs, in its order, in the example it speaks of',
  { timeout: 180_000 },
  async () => {
    const commands = [...readme.matchAll(/^paas-local ([^#\n]+)/gm)].map((found) => found[1]!.trim());
    expect(commands.length).toBeGreaterThan(10);
    const cwd = tempDir();
    cpSync(join(root, 'examples/hello-cache'), cwd, { recursive: true });
    const home = newHome();
    for (const command of commands) {
      const { code, stdout, stderr } = await home.run(command.split(/\s+/), { cwd });
      expect({ command, code, ...(code === 0 ? {} : { stdout, stderr }) }).toEqual({ command, code: 0 });
    }
  },
);

test('what the README shows of manifest, plan and init is what they print', async () => {
  const section = /^## Manifests\n([^]*?)^## /m.exec(readme)![1]!;
  const transcripts = [...section.matchAll(/^\$ paas-local ([^\n]+)\n([^]*?)(?=^\$|^```)/gm)];
  expect(transcripts.map(([, command]) => command)).toEqual([
    'manifest',
    'plan',
    'manifest --to cloud-foundry',
    'init',
  ]);
  const folder = join(tempDir(), 'hello-cache');
  cpSync(join(root, 'examples/hello-cache'), folder, { recursive: true });
  const home = newHome();
  for (const [, command, shown] of transcripts) {
    if (command === 'init') rmSync(join(folder, 'manifest.yml'));
    const { code, stdout, stderr } = await home.run(command!.split(' '), { cwd: folder });
    const printed = new Set(`${stderr}${stdout}`.replaceAll(folder, '/home/me/hello-cache').split('\n'));
    expect({ command, code, missing: shown!.split('\n').filter((line) => !printed.has(line)) }).toEqual({
      command,
      code: 0,
      missing: [],
    });
  }
});

test('every file the README names is there', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((found) => found[1]!);
  expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
});

test('every option the README lists is in the help', async () => {
  const { stdout } = await newHome().run(['help', 'push']);
  for (const option of [
    '--path',
    '--manifest',
    '--dialect',
    '--var',
    '--vars-file',
    '--env-mode',
    '--dry-run',
    '--env',
    '--command',
    '--port',
    '--tls',
    '--tls-port',
    '--strict-ports',
    '--no-watch',
    '--space',
  ]) {
    expect(stdout).toContain(option);
  }
});
