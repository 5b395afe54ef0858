/**
 * Makes `dist` in three builds, shaped by what a command waits for when it starts.
 *
 * The command line and the cache's worker are one CommonJS file each: Node loads that in 5 ms, and takes 25 for the
 * same as some twenty ES modules. Everything else is ES modules that share chunks. Where the command line imports something of the runtime by
 * `import()`, it stays an import of the built module. Dependencies are bundled too: yaml is seventy files otherwise.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build as esbuild } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

/** What is imported or run by its path in `dist`. */
const ENTRIES = [
  'runtime/index.ts',
  'runtime/host-main.ts',
  'runtime/manifest/schema.ts',
  'runtime/staging/static-server.ts',
  'services/memcached/index.ts',
];

const LAZY = ['node:child_process', 'node:crypto', 'node:readline/promises'];

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // Less to read at every start; names stay, for stacks that can be reported.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: true,
  logLevel: 'warning',
  // Loaded at the first upgrade only, and by our tests.
  external: ['http-proxy', 'vitest', 'tsx'],
  // The same sources as ES modules: an `import()` of bundled CommonJS would have no named exports.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
};

export async function build() {
  const [reached] = await Promise.all([buildCommandLine(), buildWorker()]);
  const { metafile } = await esbuild({
    ...common,
    entryPoints: [...new Set([...ENTRIES, ...reached])],
    outdir: 'dist',
    outbase: '.',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    metafile: true,
  });
  await writeSchemas(root);
  // Old chunks go last, and only those: a host that runs from this folder may still load one it shares with us.
  const chunks = 'dist/chunks';
  for (const name of await readdir(join(root, chunks))) {
    if (!(`${chunks}/${name}` in metafile.outputs)) await rm(join(root, chunks, name));
  }
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

/** @returns the modules outside `cli/` that it imports when it needs them, relative to the root */
async function buildCommandLine() {
  const reached = new Set();
  await esbuild({
    ...common,
    entryPoints: ['cli/main.ts'],
    outfile: 'dist/cli/main.cjs',
    format: 'cjs',
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': 'importMetaUrl' },
    plugins: [
      {
        name: 'runtime-stays-outside',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
            if (kind !== 'dynamic-import') return undefined;
            const module = relative(root, resolve(resolveDir, path));
            if (module.startsWith(`cli${sep}`)) return undefined;
            reached.add(module);
            return { path: `../${module.replace(/\.ts$/, '.js')}`, external: true };
          });
          // Modules of Node's own that few commands use are loaded when they are: 4 ms otherwise, at every start.
          onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
            LAZY.includes(path) && namespace !== 'lazy'
              ? { path, namespace: 'lazy' }
              : { path, external: true },
          );
          onLoad({ filter: /.*/, namespace: 'lazy' }, async ({ path }) => {
            const names = Object.keys(await import(path)).filter((name) => name !== 'default');
            const getters = names.map((name) => `get ${name}() { return require('${path}').${name}; }`);
            return { contents: `module.exports = { ${getters.join(', ')} };` };
          });
        },
      },
    ],
  });
  return [...reached];
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
