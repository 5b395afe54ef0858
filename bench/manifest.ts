/** Reading manifests: the small one everybody has, a very large one, and what importing costs; next to `yaml` alone. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { absolutePath } from '../runtime/kernel/names.ts';
import { readManifest } from '../runtime/manifest/index.ts';
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
    const rows: string[][] = [];
    for (const [name, text, goal] of [
      ['30 lines, Stackato', SMALL, SMALL_GOAL_MS],
      [`${LARGE_APPS} apps, Cloud Foundry`, large(), LARGE_GOAL_MS],
    ] as const) {
      const file = join(folder, 'manifest.yml');
      writeFileSync(file, text);
      const variants = {
        ours: () => timed(async () => void (await readManifest({ cwd: absolutePath(folder) }))),
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
    printTable('Reading a manifest (medians, warm)', ['what', 'ours', '`yaml` alone', 'ratio', 'goal'], rows);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A process that does nothing, next to one that imports what is needed, and one that reads with it. */
async function importRows(folder: string): Promise<string[][]> {
  // Dependencies stay outside the bundle, as in the package, so the scripts must lie where they are found.
  const cache = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url));
  mkdirSync(cache, { recursive: true });
  const scripts = mkdtempSync(join(cache, 'bench-manifest-'));
  try {
    writeFileSync(join(folder, 'manifest.yml'), SMALL);
    const script = (name: string, text: string): string => {
      writeFileSync(join(scripts, name), text);
      return join(scripts, name);
    };
    await build({
      entryPoints: [fileURLToPath(new URL('../runtime/manifest/index.ts', import.meta.url))],
      outfile: join(scripts, 'module.mjs'),
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      logLevel: 'warning',
    });
    const nothing = script('nothing.mjs', '');
    const importer = script('importer.mjs', "await import('./module.mjs'); await import('yaml');\n");
    const reader = script(
      'reader.mjs',
      `const { readManifest } = await import('./module.mjs'); await readManifest({ cwd: ${JSON.stringify(folder)} });\n`,
    );
    const run = (file: string) => timed(async () => void spawnSync(process.execPath, [file]));
    const times = await alternate(ROUNDS, {
      nothing: () => run(nothing),
      importer: () => run(importer),
      reader: () => run(reader),
    });
    const added = (name: string): string => ms(times[name]! - times.nothing!);
    return [
      [
        'importing what is needed, added to process start',
        added('importer'),
        '',
        '',
        `≤ ${IMPORT_GOAL_MS} ms`,
      ],
      ['importing and reading 30 lines in a fresh process, added', added('reader'), '', '', ''],
    ];
  } finally {
    rmSync(scripts, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;
