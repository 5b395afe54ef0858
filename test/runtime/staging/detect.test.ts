import { expect, test } from 'vitest';
import type { PaasError } from '../../../runtime/kernel/errors.ts';
import { openAppSource } from '../../../runtime/staging/app-source.ts';
import { BUILDPACKS, detect } from '../../../runtime/staging/stager.ts';
import { appFolder, factsOf, manifestFor, type ManifestPart } from './helpers.ts';

type Row = readonly [
  name: string,
  files: Readonly<Record<string, string>>,
  part: ManifestPart,
  buildpack: string,
  because: string,
  web: string | undefined,
];

const GUNICORN = 'gunicorn --bind 127.0.0.1:$PORT';
const pkg = (fields: object): string => JSON.stringify(fields);

test.each<Row>([
  ['an empty folder', {}, {}, 'binary', 'nothing of a known language found', undefined],
  ['only a Procfile', { Procfile: 'web: ./run' }, {}, 'binary', 'nothing of a known language found', './run'],

  [
    'wsgi.py',
    { 'wsgi.py': 'application = 1' },
    {},
    'python',
    'wsgi.py found',
    `${GUNICORN} wsgi:application`,
  ],
  [
    'wsgi.py that calls it app',
    { 'wsgi.py': 'app = 1' },
    {},
    'python',
    'wsgi.py found',
    `${GUNICORN} wsgi:app`,
  ],
  [
    'a start file',
    { 'web/start.py': 'application = 1', 'manage.py': '' },
    { framework: { startFile: 'web/start.py' } },
    'python',
    'manage.py found',
    `${GUNICORN} web.start:application`,
  ],
  [
    'requirements in the manifest',
    { 'main.txt': '' },
    { pip: ['flask'] },
    'python',
    '"requirements: pip" in the manifest',
    undefined,
  ],
  [
    'a server of its own',
    { 'wsgi.py': 'application', 'requirements.txt': 'waitress==3.0' },
    {},
    'python',
    'requirements.txt found',
    'waitress-serve --listen=127.0.0.1:$PORT wsgi:application',
  ],
  [
    'a Django project',
    { 'manage.py': '', 'site/wsgi.py': '' },
    {},
    'python',
    'manage.py found',
    `${GUNICORN} site.wsgi:application`,
  ],
  [
    'manage.py alone',
    { 'manage.py': '' },
    {},
    'python',
    'manage.py found',
    'python manage.py runserver --noreload 127.0.0.1:$PORT',
  ],
  [
    'Flask',
    { 'app.py': 'from flask import Flask\nsite = Flask(__name__)\n' },
    {},
    'python',
    'app.py found',
    `${GUNICORN} app:site`,
  ],
  [
    'FastAPI',
    { 'main.py': 'api: FastAPI = fastapi.FastAPI()\n', 'pyproject.toml': '[project]\n' },
    {},
    'python',
    'pyproject.toml found',
    'uvicorn --host 127.0.0.1 --port $PORT main:api',
  ],
  ['a script', { 'work.py': '' }, {}, 'python', 'work.py found', undefined],
  [
    'Procfile before the default',
    { 'wsgi.py': 'application', Procfile: 'web: python serve.py' },
    {},
    'python',
    'wsgi.py found',
    'python serve.py',
  ],

  [
    'package.json',
    { 'package.json': pkg({ scripts: { start: 'node x.js' } }) },
    {},
    'node',
    'package.json found',
    'node x.js',
  ],
  [
    'a script around the script',
    { 'package.json': pkg({ scripts: { start: 'node x.js', prestart: 'y' } }), 'yarn.lock': '' },
    {},
    'node',
    'package.json found',
    'yarn run start',
  ],
  [
    'server.js before main',
    { 'package.json': pkg({ main: 'lib.js' }), 'lib.js': '', 'server.js': '' },
    {},
    'node',
    'package.json found',
    'node server.js',
  ],
  [
    'main before app.js',
    { 'package.json': pkg({ main: 'lib/web' }), 'lib/web.js': '', 'app.js': '' },
    {},
    'node',
    'package.json found',
    'node lib/web.js',
  ],
  [
    'main with a space',
    { 'package.json': pkg({ main: 'my web.js' }), 'my web.js': '' },
    {},
    'node',
    'package.json found',
    "node 'my web.js'",
  ],
  ['no package.json', { 'app.js': '' }, {}, 'node', 'app.js found', 'node app.js'],
  [
    'Node before Python',
    { 'package.json': '{}', 'requirements.txt': '' },
    {},
    'node',
    'package.json found',
    undefined,
  ],
  [
    'a start file for Node',
    { 'bin/web.js': '', 'package.json': '{}' },
    { framework: { startFile: 'bin/web.js' } },
    'node',
    'package.json found',
    'node bin/web.js',
  ],

  [
    'a Staticfile',
    { Staticfile: 'root: site', 'package.json': '{}' },
    {},
    'static',
    'Staticfile found',
    '"$PAAS_LOCAL_NODE" "$PAAS_LOCAL_STATIC_SERVER" site',
  ],
  [
    'a page',
    { 'index.html': '' },
    {},
    'static',
    'index.html found',
    '"$PAAS_LOCAL_NODE" "$PAAS_LOCAL_STATIC_SERVER" .',
  ],
  [
    'a page in a folder',
    { 'dist/index.html': '' },
    {},
    'static',
    'dist/index.html found',
    '"$PAAS_LOCAL_NODE" "$PAAS_LOCAL_STATIC_SERVER" dist',
  ],
  [
    'a page with a script of its own',
    { 'index.html': '', 'main.js': 'document.title = 1' },
    {},
    'static',
    'index.html found',
    '"$PAAS_LOCAL_NODE" "$PAAS_LOCAL_STATIC_SERVER" .',
  ],
  [
    'a page beside a server',
    { 'index.html': '', 'server.js': 'http.createServer().listen(1)' },
    {},
    'node',
    'server.js found',
    'node server.js',
  ],

  [
    'named by Cloud Foundry',
    { 'package.json': '{}' },
    { buildpacks: ['python_buildpack'] },
    'python',
    'the manifest names the buildpack "python_buildpack"',
    undefined,
  ],
  [
    'named by address',
    { 'x.py': '' },
    { buildpacks: ['https://github.com/cloudfoundry/nodejs-buildpack.git#v1.5.5'] },
    'node',
    'the manifest names the buildpack "https://github.com/cloudfoundry/nodejs-buildpack.git#v1.5.5"',
    undefined,
  ],
  [
    'named by framework',
    { 'server.js': '' },
    { framework: { name: 'generic' } },
    'binary',
    'the manifest names the framework "generic"',
    undefined,
  ],
])('%s', (_name, files, part, buildpack, because, web) => {
  const facts = factsOf(files, part);
  expect([facts.buildpack, facts.because, facts.commands.web?.command]).toEqual([buildpack, because, web]);
  expect(facts).toEqual(JSON.parse(JSON.stringify(facts)));
});

test('process types of a Procfile are all told', () => {
  const facts = factsOf({ Procfile: 'worker: ./work\nclock: ./clock', 'server.js': '' });
  expect(facts.commands).toEqual({
    web: { command: 'node server.js', from: 'server.js' },
    worker: { command: './work', from: 'Procfile' },
    clock: { command: './clock', from: 'Procfile' },
  });
});

test('several buildpacks: the last starts the app, the others supply', () => {
  const facts = factsOf({}, { buildpacks: ['nodejs_buildpack', 'binary_buildpack', 'python_buildpack'] });
  expect(facts).toMatchObject({ buildpack: 'python', supply: ['node', 'binary'] });
});

test('an unknown buildpack is said and the folder looked at', () => {
  const facts = factsOf(
    { 'server.js': '' },
    { buildpacks: ['https://github.com/heroku/heroku-buildpack-multi.git'] },
  );
  expect(facts.buildpack).toBe('node');
  expect(facts.notes).toEqual([expect.stringContaining('heroku-buildpack-multi')]);
  expect(factsOf({ 'server.js': '' }, { buildpacks: ['default'] }).notes).toEqual([]);
});

test('a Procfile that cannot be read names the app and the line', () => {
  const root = appFolder({ Procfile: 'nonsense' });
  expect(() => detect(openAppSource(root), manifestFor(root))).toThrowError(
    expect.objectContaining({
      code: 'STAGING_FAILED',
      message: expect.stringContaining('line 1') as string,
    }) as PaasError,
  );
});

test('requirement files of every kind are told, those included too', () => {
  expect(
    factsOf({
      'requirements.txt': '-r req/base.txt\n',
      'req/base.txt': '-c limits.txt',
      'req/limits.txt': '',
      'runtime.txt': '',
    }).requirementFiles,
  ).toEqual(['requirements.txt', 'runtime.txt', 'req/base.txt', 'req/limits.txt']);
  expect(factsOf({ 'package.json': '{}', 'package-lock.json': '{}' }).requirementFiles).toEqual([
    'package.json',
    'package-lock.json',
  ]);
});

test('a package.json that is none is said', () => {
  expect(factsOf({ 'package.json': '{' }).notes).toEqual([
    expect.stringContaining('package.json cannot be read'),
  ]);
});

test('the same folder gives the same facts, and every buildpack looks without failing', () => {
  const files = { 'package.json': '{}', 'requirements.txt': 'a', Procfile: 'web: x', 'index.html': '' };
  expect(factsOf(files)).toEqual(factsOf(files));
  const root = appFolder({ 'package.json': '[]', 'pyproject.toml': '\0', 'manage.py': '(' });
  for (const pack of BUILDPACKS) {
    pack.recognise(openAppSource(root), manifestFor(root));
    pack.inspect(openAppSource(root), manifestFor(root));
  }
});
