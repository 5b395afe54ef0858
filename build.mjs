/**
 * Makes `dist`, shaped by what a command waits for when it starts.
 *
 * The programs (command line, host, the cache's worker) are one CommonJS file each, and what is imported from another
 * part by `import()` is one more each: Node loads such a file in 5 ms, and takes 25 for the same as some twenty ES
 * modules. What the package exports is ES modules that share chunks. Dependencies are bundled too: yaml is seventy
 * files otherwise.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build as esbuild } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

/** What is imported or run by its path in `dist`. */
const ENTRIES = [
  'runtime/index.ts',
  'runtime/testing/index.ts',
  'runtime/testing/vitest.ts',
  'runtime/testing/vitest-setup.ts',
  'runtime/manifest/schema.ts',
  'runtime/staging/static-server.ts',
  'services/memcached/index.ts',
];

/** What is run by Node, and what that loads with `CodeCache`. */
const PROGRAMS = ['cli/main.ts', 'cli/program.ts', 'runtime/host-main.ts', 'runtime/host-program.ts'];
const FROM_CODE_CACHE = ['cli/program.ts', 'runtime/host-program.ts'];
const BANNER = "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;";

/** Loaded by a program when they are first used, though its sources import them at their top: few runs need them. */
const LAZY = [
  'node:child_process',
  'node:crypto',
  'node:dgram',
  'node:fs/promises',
  'node:http',
  'node:https',
  'node:net',
  'node:os',
  'node:readline/promises',
  'node:stream',
  'node:timers/promises',
  'node:tls',
  'node:util',
  'node:worker_threads',
  'yaml',
];

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // Less to read at every start; names stay, for stacks that can be reported.
  minifyWhitespace: true,
  minifySyntax: true,
  // Node prints the whole line of an error that nobody caught.
  lineLimit: 160,
  sourcemap: true,
  logLevel: 'warning',
  // Loaded at the first upgrade only, and by our tests.
  external: ['http-proxy', 'vitest', 'tsx'],
  // The same sources as ES modules: an `import()` of bundled CommonJS would have no named exports.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
};

export async function build() {
  await Promise.all([
    buildPrograms(PROGRAMS),
    buildWorker(),
    ...LAZY.filter((name) => !name.startsWith('node:')).map(buildVendor),
  ]);
  const { metafile } = await esbuild({
    ...common,
    entryPoints: ENTRIES,
    outdir: 'dist',
    outbase: '.',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    metafile: true,
  });
  await writeSchemas(root);
  await writeNotices([
    '@peculiar/asn1-schema',
    '@peculiar/asn1-x509',
    '@peculiar/utils',
    'asn1js',
    'chokidar',
    'commander',
    'pvtsutils',
    'pvutils',
    'readdirp',
    'tslib',
    'yaml',
  ]);
  // Old chunks go last, and only those: a host that runs from this folder may still load one it shares with us.
  const chunks = 'dist/chunks';
  for (const name of await readdir(join(root, chunks))) {
    if (!(`${chunks}/${name}` in metafile.outputs)) await rm(join(root, chunks, name));
  }
}

function buildVendor(name) {
  return esbuild({ ...common, entryPoints: [name], outfile: `dist/vendor/${name}.cjs`, format: 'cjs' });
}

function buildWorker() {
  return esbuild({
    ...common,
    entryPoints: ['services/memcached/worker.ts'],
    outfile: 'dist/services/memcached/worker.cjs',
    format: 'cjs',
    minifyIdentifiers: true,
  });
}

const builtAs = (module) => `dist/${module.replace(/\.ts$/, '.cjs')}`;

/** Builds programs and all that they come to import. */
async function buildPrograms(modules, known = new Set(modules)) {
  const reached = (await Promise.all(modules.map(buildProgram))).flat();
  const unknown = [...new Set(reached)].filter((module) => !known.has(module));
  if (unknown.length > 0) await buildPrograms(unknown, new Set([...known, ...unknown]));
}

/** `cli`, `runtime/manifest`, `services/memcached` … */
const partOf = (path) => (path.startsWith('cli') ? 'cli' : path.split(sep).slice(0, 2).join(sep));

/**
 * What is imported of its own part by `import()` stays in the file: two copies of a class would not know each other's
 * private fields.
 * @returns the modules of other parts imported by `import()`, relative to the root
 */
async function buildProgram(module) {
  const reached = new Set();
  const outfile = builtAs(module);
  const fromHere = (file) => `./${relative(dirname(outfile), file)}`;
  await esbuild({
    ...common,
    entryPoints: [module],
    outfile,
    format: 'cjs',
    ...(FROM_CODE_CACHE.includes(module)
      ? {
          banner: { js: `(function (exports, require, module, __filename, __dirname) {${BANNER}` },
          footer: { js: '})' },
        }
      : { banner: { js: BANNER } }),
    // As `require`, which needs no module loader of its own to be started first.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'importMetaUrl', 'import.meta.resolve': 'require.resolve' },
    plugins: [
      {
        name: 'imported-when-needed',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
            if (kind !== 'dynamic-import') return undefined;
            const wanted = relative(root, resolve(resolveDir, path));
            if (partOf(wanted) === partOf(module) && !PROGRAMS.includes(wanted)) return undefined;
            reached.add(wanted);
            return { path: fromHere(builtAs(wanted)), external: true };
          });
          onResolve({ filter: new RegExp(`^(${LAZY.join('|')})$`) }, ({ path, namespace }) =>
            namespace === 'lazy' ? undefined : { path, namespace: 'lazy' },
          );
          onResolve({ filter: /\.cjs$/, namespace: 'lazy' }, ({ path }) => ({ path, external: true }));
          onLoad({ filter: /.*/, namespace: 'lazy' }, async ({ path }) => {
            // From Node 23 on a CommonJS module is seen to export itself, too.
            const whole = new Set(['default', 'module.exports']);
            const names = Object.keys(await import(path)).filter((each) => !whole.has(each));
            const file = path.startsWith('node:') ? path : fromHere(`dist/vendor/${path}.cjs`);
            const getters = names.map((each) => `get ${each}() { return require('${file}').${each}; }`);
            return { contents: `module.exports = { ${getters.join(', ')} };` };
          });
        },
      },
    ],
  });
  return [...reached];
}

/** What is bundled goes with its terms. */
async function writeNotices(packages) {
  const notices = await Promise.all(
    packages.map(async (name) => {
      const folder = join(root, 'node_modules', name);
      const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
      return `${name}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
    }),
  );
  await writeFile(join(root, 'dist/THIRD-PARTY-NOTICES.txt'), notices.join('\n----\n\n'));
}

/** For editors: what the key tables say, as JSON Schema. */
async function writeSchemas(root) {
  const built = pathToFileURL(join(root, 'dist/runtime/manifest/schema.js'));
  const { manifestSchema } = await import(`${built}?${Date.now()}`);
  const folder = join(root, 'dist/schemas');
  await mkdir(folder, { recursive: true });
  for (const dialect of ['stackato', 'cloud-foundry']) {
    await writeFile(join(folder, `${dialect}.json`), `${JSON.stringify(manifestSchema(dialect), null, 1)}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
