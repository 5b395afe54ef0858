import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Lowest first: a module imports from its own layer's folder or from layers above it in this list. */
const LAYERS: readonly (readonly RegExp[])[] = [
  [/^services\/kit\//],
  [/^services\/[^/]+\//],
  [/^services\/index\.ts$/],
  [/^runtime\/kernel\//, /^runtime\/events\.ts$/, /^runtime\/logs\/types\.ts$/],
  [/^runtime\/(manifest|staging|env|router|tls|watch|logs|ports|state)\//],
  [/^runtime\/(plan|supervisor)\//],
  [/^runtime\/(platform\/|platform\.ts|snapshot\.ts|leftovers\.ts)/],
  [/^runtime\/(control|dashboard|testing|host)\//, /^runtime\/(host|host-main|host-program|index)\.ts$/],
  [/^cli\//],
];

/** Entries of processes of their own. */
const PROGRAMS = [
  'runtime/testing/surroundings.ts',
  'cli/main.ts',
  'runtime/host-main.ts',
  'runtime/staging/static-server.ts',
];

/** Types may cross between siblings: they leave nothing behind at run time. What is loaded when needed counts as well. */
const importsOf = (file: string): { path: string; typeOnly: boolean; onDemand: boolean }[] => {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [
    ...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'(\.[^']+)'/gms),
    ...text.matchAll(/(typeof )?\bimport\('(\.[^']+)'\)/g),
  ];
  return found.map(([whole, type, path]) => ({
    typeOnly: type !== undefined,
    onDemand: !/^(import|export)\s/.test(whole),
    path: relative(root, resolve(root, dirname(file), path!)),
  }));
};

const layerOf = (file: string): number =>
  LAYERS.findIndex((layer) => layer.some((pattern) => pattern.test(file)));
const folderOf = (file: string): string => file.split('/').slice(0, 2).join('/');

const sources = ['cli', 'runtime', 'services'].flatMap((folder) =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`),
);

test('every source file belongs to a layer', () => {
  expect(sources.filter((file) => layerOf(file) < 0)).toEqual([]);
});

test('imports point down only', () => {
  const upward = sources.flatMap((file) =>
    importsOf(file)
      .filter(({ path, typeOnly }) => {
        const [from, to] = [layerOf(file), layerOf(path)];
        if (to > from) return !typeOnly;
        // Services never know each other; siblings of the runtime share types alone.
        return (
          to === from &&
          (from === 1 || from === 4) &&
          folderOf(file) !== folderOf(path) &&
          !(typeOnly && from === 4)
        );
      })
      .map(({ path }) => `${file} → ${path}`),
  );
  expect(upward).toEqual([]);
});

test('the command line is one file that is read at every start: what few commands need stays out of it', () => {
  const inside = new Set(['cli/main.ts', 'cli/program.ts']);
  for (const file of inside) {
    // As build.mjs has it: an `import()` within the command line becomes part of the file, any other does not.
    for (const { path, typeOnly, onDemand } of importsOf(file))
      if (!typeOnly && (!onDemand || path.startsWith('cli/'))) inside.add(path);
  }
  const heavy = /^services\/(?!kit\/)|^runtime\/(manifest|staging|router|tls|watch|testing)\//;
  expect([...inside].filter((file) => heavy.test(file))).toEqual([]);
});

test('only the kit starts programs', () => {
  const starters = sources.filter((file) =>
    readFileSync(join(root, file), 'utf8').includes("'node:child_process'"),
  );
  expect(starters.every((file) => file.startsWith('services/kit/'))).toBe(true);
});

test('only programs read the environment and the folder: what they start with is handed down', () => {
  const readers = sources.filter((file) =>
    /process\.(env|cwd)\b/.test(withoutComments(readFileSync(join(root, file), 'utf8'))),
  );
  expect(readers.filter((file) => !PROGRAMS.includes(file))).toEqual([]);
});

/** Who writes down, shows or is told the time of day. Waits and bounds go by a clock that nobody can set. */
const TELL_TIME = [
  'cli/commands/instances.ts', // since when they run
  'cli/commands/logs.ts', // --since
  'cli/commands/trust.ts', // until when a certificate is good
  'cli/connect.ts', // a line in the host's log
  'cli/manifest-source.ts', // a seed
  'runtime/logs/log.ts',
  'runtime/platform.ts', // since when the host runs
  'runtime/platform/after-host.ts',
  'runtime/platform/app-environment.ts',
  'runtime/platform/crons.ts', // goes by the clock of the wall, as cron does
  'runtime/platform/event-history.ts',
  'runtime/platform/instances.ts',
  'runtime/platform/service-snapshots.ts',
  'runtime/platform/tasks.ts',
  'runtime/platform/tls-door.ts', // until when a certificate is good
  'runtime/router/exchange.ts', // X-Request-Start and the access log
  'runtime/staging/publish.ts', // when a virtual environment was used last
  'runtime/supervisor/instance.ts', // since when it is in its state
  'runtime/testing/test-platform.ts',
  'runtime/testing/timeline.ts',
];

test('the clock of the wall is only read to tell the time', () => {
  const readers = sources.filter(
    (file) =>
      /^(cli|runtime)\//.test(file) &&
      /\bDate\.now\b|\bnew Date\(\)/.test(withoutComments(readFileSync(join(root, file), 'utf8'))),
  );
  expect(readers.filter((file) => !TELL_TIME.includes(file))).toEqual([]);
});

test('the version is the same in package.json and in the program', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(readFileSync(join(root, 'runtime/kernel/version.ts'), 'utf8')).toContain(`'${version}'`);
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
