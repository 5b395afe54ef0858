import { expect, test } from 'vitest';
import { openAppSource } from '../../../runtime/staging/app-source.ts';
import { debianName } from '../../../runtime/staging/python/debian-names.ts';
import { mentions, readRequirements } from '../../../runtime/staging/python/requirements.ts';
import { wantedVersion } from '../../../runtime/staging/python/wanted-version.ts';
import { appFolder, manifestFor, variable, type ManifestPart } from './helpers.ts';

const read = (files: Readonly<Record<string, string>>, part: ManifestPart = {}) => {
  const root = appFolder(files);
  return readRequirements(openAppSource(root), manifestFor(root, part));
};

test('files, what they include, and the list of the manifest', () => {
  const requirements = read(
    {
      'requirements.txt': 'a==1 # one\n\n-r sub/b.txt\n',
      'sub/b.txt': 'b[x,y]>=1,<2 ; python_version > "3"\n-c ../limits.txt',
      'limits.txt': 'c<9',
    },
    { pip: ['d', ' '] },
  );
  expect(requirements.files).toEqual(['requirements.txt']);
  expect(requirements.listed).toEqual(['d']);
  expect(requirements.inputs.map(({ path }) => path)).toEqual([
    'requirements.txt',
    'sub/b.txt',
    'limits.txt',
  ]);
  expect(requirements.plain).toEqual(['a==1', 'b[x,y]>=1,<2 ; python_version > "3"', 'c<9', 'd']);
});

test.each([
  '-e .',
  './vendor/a.whl',
  'a @ https://example.org/a.whl',
  'git+https://example.org/a',
  'a==1 --hash=sha256:00',
  '--index-url https://example.org/simple',
  '-r gone.txt',
  '-r ../outside.txt',
])('%s is more than a name with versions', (line) => {
  expect(read({ 'requirements.txt': `fine\n${line}\n` }).plain).toBeUndefined();
});

test('files that include each other are read once', () => {
  const { inputs, plain } = read({ 'requirements.txt': '-r b.txt\na', 'b.txt': '-r requirements.txt\nb' });
  expect([inputs.length, plain]).toEqual([2, ['a', 'b']]);
});

test('names are found in any spelling and not within others', () => {
  const requirements = read({
    'requirements.txt': 'Flask_SQLAlchemy==3\ngunicorn-extras\n# uwsgi\nuvicorn[standard]',
  });
  const found = ['flask-sqlalchemy', 'gunicorn', 'uwsgi', 'uvicorn'].filter((name) =>
    mentions(requirements, name),
  );
  expect(found).toEqual(['flask-sqlalchemy', 'uvicorn']);
  expect(mentions(read({ 'pyproject.toml': '[project]\ndependencies = ["gunicorn>=20"]' }), 'gunicorn')).toBe(
    true,
  );
});

test('a requirement file comes before a project file', () => {
  expect(read({ 'requirements.txt': '', 'pyproject.toml': '[project]' }).project).toBeUndefined();
  expect(read({ Pipfile: '', 'Pipfile.lock': '{}' }).project).toEqual({
    path: 'Pipfile',
    lock: 'Pipfile.lock',
  });
  expect(read({ 'pyproject.toml': '[tool.black]' }).project).toBeUndefined();
});

test('another file is chosen by PIP_REQUIREMENTS_FILE', () => {
  const files = { 'requirements.txt': 'a', 'req/prod.txt': 'b' };
  expect(read(files, { env: { PIP_REQUIREMENTS_FILE: variable('req/prod.txt') } }).files).toEqual([
    'req/prod.txt',
  ]);
});

type Wanted = readonly [Readonly<Record<string, string>>, ManifestPart, string | undefined];
test.each<Wanted>([
  [{}, {}, undefined],
  [{ 'runtime.txt': 'python-3.11.4\n' }, {}, '3.11 by runtime.txt'],
  [{ 'runtime.txt': 'python-3.12.x' }, {}, '3.12 by runtime.txt'],
  [{ 'runtime.txt': 'ruby-3.1' }, {}, undefined],
  [{ '.python-version': '3.10\n' }, {}, '3.10 by .python-version'],
  [{}, { framework: { runtime: 'python27' } }, '2.7 by framework.runtime of the manifest'],
  [{}, { framework: { runtime: 'python3' } }, '3 by framework.runtime of the manifest'],
  [{}, { framework: { runtime: 'node010' } }, undefined],
  [
    { 'runtime.txt': 'python-3.9' },
    { env: { PYTHON_VERSION: variable('3.8.1') } },
    '3.8 by env.PYTHON_VERSION of the manifest',
  ],
  [{ Pipfile: '[requires]\npython_version = "3.9"' }, {}, '3.9 by Pipfile'],
  [{ 'manage.py': 'execute_manager(settings)' }, {}, '2.7 by manage.py (made for Django 1.5 or older)'],
])('the version wanted by %j and %j', (files, part, expected) => {
  const root = appFolder(files);
  const wanted = wantedVersion(openAppSource(root), manifestFor(root, part));
  expect(wanted && `${wanted.text} by ${wanted.from}`).toBe(expected);
});

test('Debian names', () => {
  expect(['Django~=5.2', 'python-memcached', 'Flask_Login', '???'].map(debianName)).toEqual([
    'python3-django',
    'python3-memcache',
    'python3-flask-login',
    undefined,
  ]);
});
