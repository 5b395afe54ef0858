import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { convertToCloudFoundry } from '../../../runtime/manifest/convert.ts';
import { readManifest } from '../../../runtime/manifest/index.ts';
import { execFileSync } from 'node:child_process';
import { APP_KEYS, BLOCK_KEYS } from '../../../runtime/manifest/dialects/stackato/keys.ts';
import type { KeyTable, Shape } from '../../../runtime/manifest/shape.ts';
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
  const read = await readManifest({ cwd, dialect: 'stackato', acceptImages: true });
  const { manifest, effective, documents } = read;
  const converted = await convertToCloudFoundry(
    { manifest: manifest!, effective: effective!, documents },
    cwd,
  );
  await writeFile(join(cwd, 'converted.yml'), converted.text);
  return {
    converted,
    result: await readManifest({
      cwd,
      manifest: 'converted.yml',
      dialect: 'cloud-foundry',
      acceptImages: true,
    }),
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
    "cf run-task shop --command 'python manage.py migrate && { python manage.py more || true; }'",
    'export X=1',
    'hourly',
    '.cfignore: .git',
    'udp://logs',
  ]) {
    expect(converted.notes.join('\n')).toContain(lost);
    expect(converted.text).toContain(lost);
  }
  expect(converted.text).toContain('#   cf create-service mysql free shop-db');
  expect(converted.text).toContain(`#   cf create-service redis free there -c '{"size":"1"}' -t x`);
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

/** Every key of the tables with its example, each in the place where it may stand. */
function* examples(
  keys: KeyTable,
  wrap: (yaml: string) => string,
  path = '',
): Generator<{ path: string; key: string; yaml: string }> {
  for (const [key, { example, shape, aliasOf }] of keys) {
    const here = path === '' ? key : `${path}.${key}`;
    const meant = example ?? keys.get(aliasOf ?? '')?.example?.replace(/^[^:]+/, key);
    if (meant !== undefined) yield { path: here, key, yaml: wrap(meant) };
    for (const [inner, open, close] of within(shape))
      yield* examples(inner, (yaml) => wrap(`${key}: ${open}${yaml}${close}`), here);
  }
}

function within(shape: Shape): [KeyTable, string, string][] {
  switch (shape.kind) {
    case 'record':
      return [[shape.keys, '{', '}']];
    case 'map':
      return within(shape.of).map(([keys, open, close]) => [keys, `{X_1: ${open}`, `${close}}`]);
    case 'either':
      return shape.map ? within(shape.map) : [];
    default:
      return [];
  }
}

const everyKey = [
  ...examples(APP_KEYS, (yaml) => yaml),
  ...examples(BLOCK_KEYS, (yaml) => `stackato: {${yaml}}`),
].filter(({ path }) => !/^(?:name|path|stackato)$/.test(path));

test('every key of the tables is carried or told', async () => {
  expect(everyKey.length).toBeGreaterThan(80);
  const forgotten: string[] = [];
  const without = (await convert('applications: [{name: my, stackato: {}}]')).converted.text;
  for (const { path, yaml } of everyKey) {
    const more = /^services\.(?!type|label|vendor)/.test(path)
      ? yaml.replace('{X_1: {', `{X_1: {type: ${path.endsWith('credentials') ? 'user-provided' : 'redis'}, `)
      : /env\.(?!default)/.test(path)
        ? yaml.replace('{X_1: {', '{X_1: {default: debug, ')
        : yaml;
    const manifest = `applications: [{name: my, ${more}}, {name: api}]`;
    const { converted } = await convert(manifest);
    if (converted.text === without) forgotten.push(path);
    // What stands under the key is in the new manifest, or the key is named.
    const value = /(?:: |\[)"?([^\s"\]}{[,]+)"?[\]}]*$/.exec(more)?.[1] ?? '';
    const name = path.split('.').at(-1) ?? '';
    const told = path.endsWith('.hidden') ? 'is a secret' : name;
    if (!converted.text.includes(value) && !converted.text.includes(told))
      forgotten.push(`${path}: ${value}`);
  }
  expect(forgotten).toEqual([]);
});

test('keys that are not carried are listed with their values', async () => {
  const { converted, result } = await convert(`
name: shop
mem: 128
sso-enabled: yes
autoscale: {enabled: yes, instances: {min: 1, max: 3}}
placement-zone: east
min_version: {client: 1.4.3}
custom: some
framework: {type: python, document-root: public, start-file: wsgi.py, home-dir: app}
command: ./first
processes: {web: ./second}
services: {db: {type: mysql, version: "5.5", provider: core, colour: red}}
env:
  A: {default: x, choices: [x, y], prompt: Which, scope: both}
  B: {default: s3cret, hidden: yes, required: yes}
  my-name: odd
properties: {suffix: dev}
`);
  expect(result.diagnostics).toEqual([]);
  const left = (key: string, value: string) => `"${key}" has no counterpart and was left out: ${value}`;
  expect(converted.notes.map((note) => note.replace(/^shop: /, ''))).toEqual(
    expect.arrayContaining([
      left('sso-enabled', 'yes'),
      left('autoscale', '{"enabled":"yes","instances":{"min":"1","max":"3"}}'),
      left('placement-zone', 'east'),
      left('min_version', '{"client":"1.4.3"}'),
      left('custom', 'some'),
      left('framework.document-root', 'public'),
      left('framework.start-file', 'wsgi.py'),
      left('framework.home-dir', 'app'),
      left('command', './first'),
      left('services.db.version', '5.5'),
      left('services.db.provider', 'core'),
      left('services.db.colour', 'red'),
      left('env.A.choices', '["x","y"]'),
      left('env.A.prompt', 'Which'),
      left('env.A.scope', 'both'),
      left('env.B.required', 'yes'),
      left('env.my-name', 'odd'),
      '"properties" stand where ${…} named them, and nowhere else: suffix',
    ]),
  );
  expect(converted.text).not.toContain('s3cret');
  expect(converted.text).not.toContain('force-war-unpacking');
});

test('a Docker image is carried', async () => {
  const { result, converted } = await convert(
    'name: a\napp-dir: x\ndocker_image: registry/image:tag\nbuildpack: python\nstack: lucid64\n',
  );
  expect(result.diagnostics).toEqual([]);
  expect(converted.text).toContain('docker:\n    image: registry/image:tag');
  expect(converted.notes.join('\n')).toMatch(/"path" was x[^]*"buildpack"[^]*python[^]*"stack"[^]*lucid64/);
});

test('commands in comments are what a shell takes as meant', async () => {
  const { converted } = await convert(`
name: a
services:
  ext: {type: user-provided, credentials: {host: "it's \\"q\\" $HOME"}}
  lines: {type: user-provided, credentials: {pem: "one\\ntwo"}}
  db: {type: mysql, parameters: {a: "it's"}, tags: [x y]}
hooks: {post-staging: ["cd sub && a \\"q\\"", "- b; c", "d 'e'"]}
drain: {logs: "tcp://h:1/?a=1&b=2"}
`);
  const words = converted.text.split('\n').flatMap((line) => {
    const command = /cf (?:create|run).*$/.exec(line)?.[0];
    if (command === undefined) return [];
    const shown = execFileSync('bash', ['-c', `cf() { printf '%s\\0' "$@"; }; ${command}`], {
      encoding: 'utf8',
    });
    return [shown.split('\0').slice(0, -1)];
  });
  expect(words).toEqual([
    ['create-user-provided-service', 'ext', '-p', JSON.stringify({ host: `it's "q" $HOME` })],
    ['create-user-provided-service', 'lines', '-p', JSON.stringify({ pem: 'one\ntwo' })],
    ['create-service', 'mysql', 'free', 'db', '-c', JSON.stringify({ a: "it's" }), '-t', 'x y'],
    ['run-task', 'a', '--command', `(cd sub && a "q") && { (b; c) || true; } && d 'e'`],
    ['create-user-provided-service', 'logs', '-l', 'tcp://h:1/?a=1&b=2'],
  ]);
});

test('a port of an HTTP route is dropped, and said', async () => {
  const { converted, result } = await convert('name: a\nurl: [x.example.com:8080/p, x.example.com/p]\n');
  expect(appsOf(result)[0]?.routes).toMatchObject({ routes: [{ url: 'x.example.com/p' }] });
  expect(converted.notes.join()).toContain('the route x.example.com:8080/p lost its port');
});
