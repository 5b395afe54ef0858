/** A small app of each language, pushed as a user would: no build of ours, no command but what the folder suggests. */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findTool } from '../../services/kit/find-tool.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { get, newHome } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const LONG_MS = 180_000;
const fixtures = fileURLToPath(new URL('../../fixtures/apps', import.meta.url));

/** Language → the program it needs here. What has to be compiled first (Go, Java) is pushed by the staging tests. */
const LANGUAGES = {
  python: 'python3',
  node: 'node',
  ruby: 'bundle',
  php: 'php',
  static: 'node',
} as const;

/** A copy: what staging or an app writes stays out of the repository. */
function copyOf(fixture: string): string {
  const folder = tempDir('pl-language-');
  cpSync(join(fixtures, fixture), folder, { recursive: true });
  return folder;
}

test.each(Object.entries(LANGUAGES))('%s', { timeout: LONG_MS }, async (language, program) => {
  if (!findTool(program, { PATH: process.env.PATH! })) {
    console.log(`${language} is not tested: there is no "${program}" here`);
    return;
  }
  const home = newHome();
  const pushed = await home.json<{ apps: AppSnapshot[]; url: string }>(['push', '--detach'], {
    cwd: copyOf(language),
  });
  const { body } = await get(pushed.url);
  const answer = JSON.parse(body) as { language: string; variables: string[] };
  expect(answer.language).toBe(language);
  expect(answer.variables).toEqual(expect.arrayContaining(['PORT', 'VCAP_SERVICES']));
});

test('an app for Python 2, where there is none, fails with one line that says so', async () => {
  const home = newHome();
  // A PATH with Python 3 alone, and no version manager beside it.
  const folder = join(home.folder, 'bin');
  mkdirSync(folder);
  for (const name of ['python3', 'sh', 'mkfifo', 'uname']) {
    const file = findTool(name, { PATH: `/usr/bin:/bin:${process.env.PATH!}` });
    if (file) symlinkSync(file, join(folder, name));
  }
  const { code, stdout, stderr } = await home.run(['push', '--detach'], {
    cwd: copyOf('python-2'),
    env: { PATH: folder },
  });
  expect({ code, output: stdout + stderr }).toMatchObject({ code: 3 });
  expect(stderr).toContain(
    'Cannot stage app "django-two": Python 2.7 (manage.py (made for Django 1.5 or older)) is not installed',
  );
  expect(stderr).not.toContain('at ');
  expect(readdirSync(folder)).not.toContain('python2');
});
