/** Reading manifests: the small one everybody has, a very large one, and what importing costs; next to `yaml` alone. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { absolutePath } from '../runtime/kernel/names.ts';
import { readManifest } from '../runtime/manifest/index.ts';
import { planFor } from '../runtime/platform/plan-for.ts';
import { emptyRecord, type SpaceRecord } from '../runtime/state/record.ts';
import { SERVICE_TYPES } from '../services/index.ts';
import { alternate, printTable } from './measure.ts';

const ROUNDS = 15;
/** "After imports" means compiled too: a host reads manifests all day. The fresh-process rows are the cold ones. */
const WARM_UP_ROUNDS = 60;
const LARGE_WARM_UP_ROUNDS = 5;
const LARGE_APPS = 200;
const SMALL_GOAL_MS = 5;
const LARGE_GOAL_MS = 150;
const IMPORT_GOAL_MS = 60;

/** 30 lines, of the shape of the samples. */
const SMALL = `name: shop
mem: 128M
instances: 2
framework:
  type: python
  runtime: python3
services:
  \${name}-cache: memcached
  \${name}-db: mysql
requirements:
  pip:
    - django
    - pymemcache
    - gunicorn
env:
  DJANGO_SETTINGS_MODULE: settings
  LOG_LEVEL:
    default: info
    choices: [debug, info]
hooks:
  post-staging:
    - python manage.py migrate --noinput
    - python manage.py collectstatic --noinput
  pre-running:
    - export STARTED=yes
url: \${name}.\${target-base}
timeout: 120
ignores:
  - .git
  - "*.pyc"
`;

/** 25 lines an app. */
const large = (): string =>
  `version: 1\napplications:\n${Array.from(
    { length: LARGE_APPS },
    (_, index) => `- name: app-${index}
  memory: 256M
  disk_quota: 512M
  instances: 2
  command: node server.js --index ${index}
  buildpacks:
  - nodejs_buildpack
  timeout: 120
  health-check-type: http
  health-check-http-endpoint: /health
  routes:
  - route: app-${index}.example.com
  - route: www-${index}.example.com/path
  services:
  - cache-${index}
  - db-${index}
  env:
    LOG_LEVEL: debug
    INDEX: ${index}
    RATIO: 1.10
    ENABLED: yes
  processes:
  - type: worker
    command: node worker.js
    memory: 128M
    instances: 1
`,
  ).join('')}`;

export async function runManifestBench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-manifest-'));
  try {
    writeFileSync(join(folder, 'wsgi.py'), 'application = None\n');
    const rows: string[][] = [];
    for (const [name, text, goal] of [
      ['30 lines, Stackato', SMALL, SMALL_GOAL_MS],
      [`${LARGE_APPS} apps, Cloud Foundry`, large(), LARGE_GOAL_MS],
    ] as const) {
      const file = join(folder, 'manifest.yml');
      writeFileSync(file, text);
      const variants = {
        ours: () => timed(() => toPlan(folder)),
        yaml: () => timed(async () => void parse(readFileSync(file, 'utf8'))),
      };
      await alternate(text === SMALL ? WARM_UP_ROUNDS : LARGE_WARM_UP_ROUNDS, variants);
      const first = await alternate(ROUNDS, variants);
      const lines = text.split('\n').length - 1;
      rows.push([
        `${name} (${lines} lines)`,
        ms(first.ours!),
        ms(first.yaml!),
        `${(first.ours! / first.yaml!).toFixed(2)} ×`,
        `≤ ${goal} ms`,
      ]);
    }
    rows.push(...(await importRows(folder)));
    printTable(
      'From a manifest to a Plan (medians, warm)',
      ['what', 'ours', '`yaml` alone', 'ratio', 'goal'],
      rows,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the text to what is intended, the apps' folders looked into, as a push does. */
async function toPlan(folder: string): Promise<void> {
  const { manifest } = await readManifest({ cwd: absolutePath(folder) });
  planFor(manifest!, { noWatch: false }, RECORD, SERVICE_TYPES, () => false);
}

/** The services that the large manifest binds exist already, as Cloud Foundry wants it. */
const RECORD = {
  ...emptyRecord(),
  services: Object.fromEntries(
    Array.from({ length: LARGE_APPS }, (_, index) => [`cache-${index}`, `db-${index}`])
      .flat()
      .map((name) => [name, { plan: { name, type: 'memcached', plan: 'free', tags: [], options: {} } }]),
  ),
} as unknown as SpaceRecord;

/**
 * A process that does nothing, next to one that loads what the package needs to get from a manifest to a plan (YAML is
 * loaded when the first text is read, so it reads one line), and one that reads thirty.
 */
async function importRows(folder: string): Promise<string[][]> {
  const dist = new URL('../dist/runtime/', import.meta.url);
  writeFileSync(join(folder, 'manifest.yml'), SMALL);
  writeFileSync(join(folder, 'one-line.yml'), 'name: shop\n');
  const script = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const built = (module: string): string => JSON.stringify(fileURLToPath(new URL(module, dist)));
  const reads = (manifest: string): string => `
    const { readManifest } = require(${built('manifest/index.cjs')});
    require(${built('platform/preview.cjs')});
    void readManifest({ cwd: ${JSON.stringify(folder)}, manifest: ${JSON.stringify(manifest)} });`;
  const nothing = script('nothing.cjs', '');
  const importer = script('importer.cjs', reads('one-line.yml'));
  const reader = script('reader.cjs', reads('manifest.yml'));
  const run = (file: string) =>
    timed(async () => {
      const { status, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    });
  const times = await alternate(ROUNDS, {
    nothing: () => run(nothing),
    importer: () => run(importer),
    reader: () => run(reader),
  });
  const added = (name: string): string => ms(times[name]! - times.nothing!);
  return [
    ['importing what is needed, added to process start', added('importer'), '', '', `≤ ${IMPORT_GOAL_MS} ms`],
    ['importing and reading 30 lines in a fresh process, added', added('reader'), '', '', ''],
  ];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;
