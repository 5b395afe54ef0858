import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../helpers/temp-dir.ts';
import { appFolder, stage, variable } from './helpers.ts';
import { deadIndex, packageIndex } from './package-index.ts';
import { noPython, noUv, pathOf, pathWithout, realPython } from './tools.ts';

/** Runs something as the app would be run, and returns what it printed. */
async function inApp(
  installed: { path: readonly string[]; env: Readonly<Record<string, string>> },
  root: string,
  command: string,
): Promise<string> {
  const env = { ...installed.env, PATH: `${installed.path.join(':')}:/usr/bin:/bin` };
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd: root, env });
  return stdout.trim();
}

const INSTALLERS = [
  { installer: 'pip', missing: noPython, path: () => pathWithout('uv') },
  { installer: 'uv', missing: noPython ?? noUv, path: () => process.env.PATH },
];

describe.each(INSTALLERS)('with $installer', ({ installer, missing, path }) => {
  const test_ = test.skipIf(missing !== undefined);
  if (missing) test.skip(`skipped: ${missing}`, () => {});

  test_('requirements are installed once, outside the app', async () => {
    const index = await packageIndex([
      { name: 'left', version: '1.2', requires: ['right>=2'] },
      { name: 'right', version: '2.0' },
    ]);
    const toolEnv = { ...index.env, PATH: path() };
    const root = appFolder({
      'requirements.txt': '-r more.txt\n',
      'more.txt': 'left==1.2 # the one\n',
      'app.py': 'import left, right; print(left.NAME, right.NAME)',
    });
    const before = readdirSync(root);
    const first = await stage(root, { toolEnv });
    expect(first.skipped).toBe(false);
    expect(first.log).toContainEqual(
      expect.stringMatching(new RegExp(`Installing requirements for Python .* with ${installer}`)),
    );
    expect(await inApp(first, root, 'python app.py')).toBe('left right');
    const asked = index.requests.length;

    const second = await stage(root, { toolEnv, cacheDir: first.cacheDir });
    expect(second).toMatchObject({
      skipped: true,
      fingerprint: first.fingerprint,
      path: first.path,
      env: first.env,
    });
    expect(index.requests).toHaveLength(asked);

    expect(await inApp(second, root, 'python -c "import app"')).toBe('left right');
    expect(readdirSync(root)).toEqual(before);
  });

  test_('a changed requirement, also in an included file, installs anew', async () => {
    const index = await packageIndex([
      { name: 'left', version: '1.0' },
      { name: 'left', version: '2.0' },
    ]);
    const toolEnv = { ...index.env, PATH: path() };
    const root = appFolder({ 'requirements.txt': '-r more.txt', 'more.txt': 'left==1.0' });
    const first = await stage(root, { toolEnv });
    writeFileSync(join(root, 'more.txt'), 'left==2.0');
    const second = await stage(root, { toolEnv, cacheDir: first.cacheDir });
    expect(second.skipped).toBe(false);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    const version = `python -c "from importlib.metadata import version; print(version('left'))"`;
    expect([await inApp(first, root, version), await inApp(second, root, version)]).toEqual(['1.0', '2.0']);
  });

  test_('an index nobody answers for is named with the package, and nothing is left behind', async () => {
    const root = appFolder({ 'requirements.txt': 'left==1.0' });
    const cacheDir = tempDir();
    const failed = stage(root, { cacheDir, toolEnv: { ...(await deadIndex()), PATH: path() } });
    await expect(failed).rejects.toMatchObject({
      code: 'STAGING_PACKAGE_MISSING',
      message: expect.stringMatching(
        /Cannot install left(==1\.0)? for app "the-app": the package index could not be reached/,
      ),
      hint: expect.stringContaining('Check the network'),
    });
    expect(readdirSync(join(cacheDir, 'python'))).toEqual([]);
  });

  test_('a name the index does not know, and a version it does not have', async () => {
    const index = await packageIndex([{ name: 'left', version: '1.0' }]);
    const toolEnv = { ...index.env, PATH: path() };
    await expect(stage(appFolder({ 'requirements.txt': 'lefft' }), { toolEnv })).rejects.toMatchObject({
      code: 'STAGING_PACKAGE_MISSING',
      facts: { packages: ['lefft'], message: 'the package index does not know it' },
    });
    await expect(stage(appFolder({ 'requirements.txt': 'left==9.9' }), { toolEnv })).rejects.toMatchObject({
      code: 'STAGING_PACKAGE_MISSING',
      facts: { packages: ['left==9.9'], message: expect.stringContaining('no such version') },
    });
  });

  test_('offline, what is missing is an error at once and the index is not asked', async () => {
    const index = await packageIndex([{ name: 'left', version: '1.0' }]);
    const staged = stage(appFolder({ 'requirements.txt': 'left' }), {
      toolEnv: { ...index.env, PATH: path() },
      offline: true,
    });
    await expect(staged).rejects.toMatchObject({
      code: 'STAGING_PACKAGE_MISSING',
      facts: { packages: ['left'], message: expect.stringContaining('--offline') },
    });
    expect(index.requests).toEqual([]);
  });

  test_('two pushes at once install once', async () => {
    const index = await packageIndex([{ name: 'left', version: '1.0' }]);
    const options = { toolEnv: { ...index.env, PATH: path() }, cacheDir: tempDir() };
    const root = appFolder({ 'requirements.txt': 'left' });
    const both = await Promise.all([stage(root, options), stage(root, options)]);
    expect(both.filter(({ skipped }) => skipped)).toHaveLength(1);
    expect(both[0].path).toEqual(both[1].path);
    expect(both.flatMap(({ log }) => log)).toContainEqual(
      expect.stringContaining('Waiting for another push'),
    );
    expect(
      both.flatMap(({ log }) => log).filter((line) => line.includes('Installing requirements for')),
    ).toHaveLength(1);
  });

  test_('aborted in the middle it ends with the reason and leaves nothing', async () => {
    const index = await packageIndex([], { silent: true });
    const cacheDir = tempDir();
    const abort = new AbortController();
    const staged = stage(appFolder({ 'requirements.txt': 'left' }), {
      cacheDir,
      toolEnv: { ...index.env, PATH: path() },
      signal: abort.signal,
    });
    staged.catch(() => {});
    await expect.poll(() => index.requests.length, { timeout: 60_000 }).toBeGreaterThan(0);
    abort.abort(new Error('enough'));
    await expect(staged).rejects.toThrow('enough');
    expect(readdirSync(join(cacheDir, 'python'))).toEqual([]);
  });

  test_('the manifest lists requirements of its own', async () => {
    const index = await packageIndex([
      { name: 'left', version: '1.0' },
      { name: 'right', version: '1.0' },
    ]);
    const root = appFolder({ 'other.txt': 'right' });
    const installed = await stage(root, {
      toolEnv: { ...index.env, PATH: path() },
      pip: ['left~=1.0', '-r other.txt'],
    });
    expect(await inApp(installed, root, 'python -c "import left, right; print(1)"')).toBe('1');
  });

  test_('a server is added where the app brings none for the default command', async () => {
    const index = await packageIndex([{ name: 'gunicorn', version: '20.0', program: 'gunicorn' }]);
    const toolEnv = { ...index.env, PATH: path() };
    const root = appFolder({ 'wsgi.py': 'application = None' });
    const installed = await stage(root, { toolEnv });
    expect(installed.log).toContainEqual(expect.stringContaining('gunicorn added'));
    expect(await inApp(installed, root, 'gunicorn')).toBe('gunicorn');

    const asked = index.requests.length;
    await stage(root, { toolEnv, command: 'python serve.py' });
    expect(index.requests).toHaveLength(asked);
  });

  test_(
    'project files: what they ask for, held to their lock',
    async () => {
      const index = await packageIndex(['1.0', '1.1', '2.0'].map((version) => ({ name: 'left', version })));
      const toolEnv = { ...index.env, PATH: path() };
      const version = `python -c "from importlib.metadata import version; print(version('left'))"`;
      const lock = '[[package]]\nname = "left"\nversion = "1.0"\n';
      const rows: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
        ['1.1', { 'pyproject.toml': '[project]\nname = "app"\ndependencies = ["left<2"]\n' }],
        [
          '1.0',
          { 'pyproject.toml': '[project]\nname = "app"\ndependencies = ["left<2"]\n', 'uv.lock': lock },
        ],
        ['1.1', { 'pyproject.toml': '[tool.poetry.dependencies]\npython = "^3.8"\nleft = "^1.0"\n' }],
        [
          '1.0',
          {
            'pyproject.toml': '[tool.poetry.dependencies]\nleft = {version = "~1.0"}\n',
            'poetry.lock': lock,
          },
        ],
        ['2.0', { Pipfile: '[packages]\nleft = "*"\n' }],
        [
          '1.0',
          {
            Pipfile: '[packages]\nleft = "*"\n',
            'Pipfile.lock': '{"default": {"left": {"version": "==1.0"}}}',
          },
        ],
      ];
      for (const [expected, files] of rows) {
        const root = appFolder(files);
        expect([files, await inApp(await stage(root, { toolEnv }), root, version)]).toEqual([
          files,
          expected,
        ]);
      }
    },
    180_000,
  );
});

describe.skipIf(noPython)('the environment', () => {
  if (noPython) test.skip(`skipped: ${noPython}`, () => {});
  const toolEnv = { PATH: pathWithout('uv') };

  test('packages the interpreter has already are used as they are, and said so', async () => {
    const root = appFolder({ 'requirements.txt': 'pip>=1.0\n' });
    const env = { ...toolEnv, ...(await deadIndex()) };
    const first = await stage(root, { toolEnv: env });
    expect(first.log).toContainEqual(expect.stringContaining('has all that is required'));
    expect(await inApp(first, root, 'python -c "import pip; print(1)"')).toBe('1');
    expect((await stage(root, { toolEnv: env, cacheDir: first.cacheDir })).skipped).toBe(true);
  });

  test('nothing required: an environment all the same, so that "python" is there', async () => {
    const root = appFolder({ 'work.py': 'print("works")' });
    const installed = await stage(root, { toolEnv });
    expect(await inApp(installed, root, 'python work.py')).toBe('works');
  });

  test('pip on its PATH serves it and not the system', async () => {
    const index = await packageIndex([{ name: 'left', version: '1.0' }]);
    const root = appFolder({ 'work.py': 'import left; print(left.NAME)' });
    const installed = await stage(root, { toolEnv });
    const env = {
      ...installed,
      env: { ...installed.env, PIP_INDEX_URL: String(index.env.PIP_INDEX_URL), PIP_CONFIG_FILE: '/dev/null' },
    };
    await inApp(env, root, 'pip install --quiet --disable-pip-version-check left');
    expect(await inApp(installed, root, 'python work.py')).toBe('left');
  });

  test('a leftover of a build that was cut short is removed', async () => {
    const root = appFolder({ 'work.py': '' });
    const first = await stage(root, { toolEnv });
    const folder = join(first.cacheDir, 'python');
    const [record] = readdirSync(folder).filter((name) => name.endsWith('.json'));
    const key = record!.replace('.json', '');
    const cacheDir = tempDir();
    mkdirSync(join(cacheDir, 'python', `${key}-half`, 'bin'), { recursive: true });
    const second = await stage(root, { toolEnv, cacheDir });
    expect(existsSync(join(cacheDir, 'python', `${key}-half`))).toBe(false);
    expect(await inApp(second, root, 'python -c "print(1)"')).toBe('1');
  });

  test('an environment whose interpreter is gone is made anew', async () => {
    const root = appFolder({ 'work.py': '' });
    const first = await stage(root, { toolEnv });
    execFileSync('rm', [join(first.env.VIRTUAL_ENV!, 'bin', 'python')]);
    const second = await stage(root, { toolEnv, cacheDir: first.cacheDir });
    expect(second.skipped).toBe(false);
    expect(await inApp(second, root, 'python -c "print(1)"')).toBe('1');
  });

  test('modules of the app do not get in the way of installing', async () => {
    const root = appFolder({
      'requirements.txt': 'pip',
      'json.py': 'raise SystemExit(9)',
      'pip.py': 'raise SystemExit(9)',
      'venv.py': 'raise SystemExit(9)',
    });
    await expect(stage(root, { toolEnv })).resolves.toMatchObject({ skipped: false });
  });

  test('a version asked for that is not here is said, not failed on', async () => {
    const root = appFolder({ 'runtime.txt': 'python-3.1.4', 'work.py': '' });
    const { log } = await stage(root, { toolEnv });
    expect(log).toContainEqual(
      expect.stringMatching(/^runtime\.txt asks for Python 3\.1, which is not on PATH: running on 3\./),
    );
  });

  test('the version asked for is found by its name', async () => {
    const python = realPython();
    const [, minor] = execFileSync(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    })
      .trim()
      .split('.');
    const root = appFolder({ 'work.py': '' });
    const { log } = await stage(root, {
      toolEnv: { PATH: pathOf({ [`python3.${minor}`]: python }) },
      env: { PYTHON_VERSION: variable(`3.${minor}`) },
    });
    expect(log.filter((line) => line.includes('asks for'))).toEqual([]);
  });

  test('no Python at all, and no Python 2 for an app that needs it', async () => {
    const root = appFolder({ 'work.py': '' });
    await expect(stage(root, { toolEnv: { PATH: pathOf({}) } })).rejects.toMatchObject({
      code: 'STAGING_TOOL_MISSING',
      message: 'Cannot stage app "the-app": Python 3 is not installed',
    });
    const old = appFolder({ 'manage.py': 'execute_manager(settings)' });
    const path = pathOf({ python3: realPython() });
    await expect(stage(old, { toolEnv: { PATH: path, PYENV_ROOT: '/nowhere' } })).rejects.toMatchObject({
      message:
        'Cannot stage app "the-app": Python 2.7 (manage.py (made for Django 1.5 or older)) is not installed',
    });
  });

  test('STACKATO_UWSGI and PROCESSES_WEB start what the platform started', async () => {
    const index = await packageIndex([
      { name: 'pyuwsgi', version: '2.0', program: 'uwsgi' },
      { name: 'gunicorn', version: '20.0', program: 'gunicorn' },
    ]);
    const root = appFolder({ 'wsgi.py': 'application = None' });
    const env = { ...toolEnv, ...index.env };
    const uwsgi = await stage(root, { toolEnv: env, command: '$STACKATO_UWSGI --static-map /static=static' });
    expect(await inApp(uwsgi, root, '$STACKATO_UWSGI')).toBe('pyuwsgi');
    expect(readFileSync(join(uwsgi.path[0]!, 'stackato-uwsgi'), 'utf8')).toContain(
      '--http-socket 127.0.0.1:$PORT',
    );
    const web = await stage(root, { toolEnv: env, command: 'exec ${PROCESSES_WEB} --workers 2' });
    expect(await inApp(web, root, '$PROCESSES_WEB')).toBe('gunicorn');
  });
});
