import { describe, expect, test } from 'vitest';
import { proposeManifest } from '../../../runtime/manifest/propose.ts';
import { detect } from '../../../runtime/staging/stager.ts';
import type { AppSource } from '../../../runtime/staging/types.ts';
import { read, readApp } from './read.ts';

/** A folder that is only text. */
function source(files: Readonly<Record<string, string>>): AppSource {
  const names = Object.keys(files);
  return {
    root: '/app',
    origin: '/app',
    hasFile: (path) => Object.hasOwn(files, path),
    readText: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
    list: (folder = '') =>
      [
        ...new Set(
          names
            .filter((name) => name.startsWith(folder))
            .map((name) => name.slice(folder.length).replace(/\/.*/, '/')),
        ),
      ].toSorted(),
  };
}

const propose = (
  files: Readonly<Record<string, string>>,
  folderName = 'My App!',
  serviceTypes = ['memcached'],
) => proposeManifest(source(files), { folderName, serviceTypes, detect });

const RUBY = { Gemfile: 'gem "puma"\n', 'config.ru': 'run App\n' };
const FLASK = { 'requirements.txt': 'flask\n', 'app.py': 'from flask import Flask\napp = Flask(__name__)\n' };

describe('a proposal is a manifest without mistakes for', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['nothing', {}],
    ['a Procfile', { Procfile: 'web: ./start\n', 'package.json': '{}' }],
    ['Node with a start script', { 'package.json': '{"name":"@me/shop","scripts":{"start":"node x"}}' }],
    ['Node without', { 'server.js': '' }],
    ['a broken package.json', { 'package.json': '{' }],
    ['Python', { 'requirements.txt': 'flask\npymemcache==4\nredis\npsycopg2\n', 'wsgi.py': '' }],
    ['Django in a package', { 'manage.py': '', 'site_one/wsgi.py': '', 'site_one/settings.py': '' }],
    ['PHP', { 'index.php': '' }],
    ['a static site', { 'index.html': '' }],
    ['Ruby', RUBY],
    ['Java', { 'pom.xml': '<project/>' }],
    ['Flask', FLASK],
    ['Go', { 'go.mod': 'module x\n', 'main.go': 'package main\n' }],
  ])('%s', async (_, files) => {
    const { text, because } = propose(files);
    const result = await read(text, { serviceTypes: ['memcached', 'redis'] });
    expect(result.dialect).toBe('stackato');
    expect(result.diagnostics).toEqual([]);
    expect(because.length).toBeGreaterThan(0);
  });
});

test('the name comes from package.json, else from the folder, fit for a host name', async () => {
  expect((await readApp(propose({ 'package.json': '{"name":"@me/The_Shop"}' }).text)).name).toBe('the-shop');
  expect((await readApp(propose({}).text)).name).toBe('my-app');
  expect((await readApp(propose({}, '---').text)).name).toBe('app');
});

test('a Django app gets its packages, hooks and settings, and a cache that its requirements name', async () => {
  const app = await readApp(
    propose({ 'manage.py': '', 'site_one/wsgi.py': '', 'requirements.txt': 'Django\npymemcache\n' }).text,
  );
  expect(app.processes[0]?.command).toBeUndefined();
  expect(app.hooks.postStaging.map(({ command }) => command)).toEqual([
    'python manage.py migrate --noinput',
    'python manage.py collectstatic --noinput',
  ]);
  expect(app.env.DJANGO_SETTINGS_MODULE?.value).toBe('site_one.settings');
  expect(app.services).toMatchObject([{ name: 'my-app-cache', type: 'memcached' }]);
});

test('services that cannot be started here stay comments', async () => {
  const { text } = propose({ 'package.json': '{"dependencies":{"pg":"8","memjs":"1"}}' });
  expect((await readApp(text)).services).toMatchObject([{ type: 'memcached' }]);
  expect(text).toContain('#   my-app-db: postgresql  # DATABASE_URL (not available here yet)');
});

describe('the start command is what a push would run', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['a Procfile', { Procfile: 'web: ./start "it: is" # x\n', 'package.json': '{}' }],
    ['Node with a start script', { 'package.json': '{"scripts":{"start":"node x"}}' }],
    ['Node without', { 'server.js': '' }],
    ['Ruby', RUBY],
    ['Flask', FLASK],
    ['Django', { 'manage.py': '', 'site_one/wsgi.py': '' }],
    ['PHP', { 'index.php': '' }],
  ])('%s: taken out of its comment it changes nothing', async (_, files) => {
    const { text, because } = propose(files);
    const proposed = await readApp(text);
    const { web } = detect(source(files), proposed).commands;
    expect(web).toBeDefined();
    expect(because[1]).toContain(web!.from);
    const uncommented = await readApp(text.replace(/^# command: /m, 'command: '));
    expect(uncommented.processes[0]?.command).toBe(web!.command);
  });

  test('one with ${…}, which a manifest would take for a symbol, is shown and not offered', async () => {
    const files = { 'pom.xml': '<project/>' };
    const { text, because } = propose(files);
    expect(because[0]).toBe('This is an app for the buildpack "java": pom.xml found');
    const { web } = detect(source(files), await readApp(text)).commands;
    expect(text).toContain(`#   ${web!.command}\n# A command here would take its place:\n# command: ./start`);
  });

  test('without one, the comment asks for it', () => {
    const { text, because } = propose({});
    expect(because[1]).toBe('Nothing in the folder tells how to start it');
    expect(text).toContain('# Write the start command here.');
  });

  test('a Procfile that a push could not read is refused here too', () => {
    expect(() => propose({ Procfile: 'web\n' })).toThrow(/Procfile/);
  });
});
