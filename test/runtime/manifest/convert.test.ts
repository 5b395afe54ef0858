import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { convertToCloudFoundry } from '../../../runtime/manifest/convert.ts';
import { readManifest } from '../../../runtime/manifest/index.ts';
import { appsOf, folderWith } from './read.ts';

const text = `
name: shop
app-dir: web
mem: 128
instances: 2
timeout: 300
url: [www.example.com]
command: gunicorn wsgi
framework: {type: python, runtime: python27}
services:
  shop-db: mysql
  outside: {type: user-provided, credentials: {host: h}}
  there: {type: redis, tags: [x], parameters: {size: 1}}
env:
  LOG: "yes"
  PATHS: $HOME/x
  SECRET: {default: s3cret, hidden: yes}
requirements: {pip: [django], ubuntu: [libxml2], cpan: [Moose]}
hooks:
  pre-push: git status
  pre-staging: make
  post-staging: [python manage.py migrate, "- python manage.py more"]
  pre-running: export X=1
cron: ["0 * * * * ./hourly"]
ignores: [.git]
drain: {logs: "udp://logs.example.com:514/"}
description: "A shop\\nwith two lines"
`;

async function convert(manifestText: string) {
  const cwd = await folderWith({ 'manifest.yml': manifestText });
  const { manifest } = await readManifest({ cwd });
  const converted = await convertToCloudFoundry(manifest!, cwd);
  await writeFile(join(cwd, 'converted.yml'), converted.text);
  return {
    converted,
    result: await readManifest({ cwd, manifest: 'converted.yml', dialect: 'cloud-foundry' }),
    cwd,
  };
}

test('what has a counterpart is carried, and is a Cloud Foundry manifest without mistakes', async () => {
  const { result, cwd } = await convert(text);
  expect(result.diagnostics).toEqual([]);
  const [app] = appsOf(result);
  expect(app).toMatchObject({
    name: 'shop',
    root: join(cwd, 'web'),
    routes: { routes: [{ url: 'www.example.com' }] },
  });
  expect(app?.processes[0]).toMatchObject({
    command: 'gunicorn wsgi',
    instances: 2,
    memoryBytes: 128 * 1024 ** 2,
    health: { startTimeoutSeconds: 180 },
  });
  expect(app?.services.map(({ name }) => name)).toEqual(['shop-db', 'outside', 'there']);
  expect(Object.entries(app?.env ?? {}).map(([name, { value }]) => [name, value])).toEqual([['LOG', 'yes']]);
});

test('what has none is said, in the list and in comments, and no secret is', async () => {
  const { converted } = await convert(text);
  for (const lost of [
    '300',
    'python27',
    'export PATHS="$HOME/x"',
    'SECRET',
    'django',
    'libxml2',
    'Moose',
    'git status',
    'make',
    'python manage.py migrate && python manage.py more || true',
    'export X=1',
    'hourly',
    '.cfignore: .git',
    'udp://logs',
  ]) {
    expect(converted.notes.join('\n')).toContain(lost);
    expect(converted.text).toContain(lost);
  }
  expect(converted.text).toContain('#   cf create-service mysql free shop-db');
  expect(converted.text).toContain(`#   cf create-service redis free there -c '{"size":"1"}' -t "x"`);
  expect(converted.text).toContain(`#   cf create-user-provided-service outside -p '{"host":"h"}'`);
  expect(converted.text).not.toContain('s3cret');
});

test('workers lose their route and their port', async () => {
  const { result } = await convert('name: work\nurl: []\ncommand: ./work\n');
  expect(appsOf(result)[0]).toMatchObject({
    routes: { kind: 'none' },
    processes: [{ health: { type: 'process' } }],
  });
});

test('no text of the manifest can end a comment', async () => {
  const { converted, result } = await convert(
    'name: a\nservices: {"x\\ny: z": mysql}\ncron: ["a\\r\\nevil: true\\u2028more: x"]\n',
  );
  expect(result.diagnostics).toEqual([]);
  expect(converted.text).not.toMatch(/^(?:evil|more|y):/m);
});
