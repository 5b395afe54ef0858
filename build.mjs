// Bundles the sources with code splitting, so that `--version` and `--help` import next to nothing.
// Dependencies stay outside the bundle: they are installed with the package.
// The cache's worker is one CommonJS file instead, because that loads fastest: one read, no module loader of its own,
// and what is imported on demand is not even parsed before.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as esbuild } from 'esbuild';

const entryPoints = [
  'cli/main.ts',
  'runtime/index.ts',
  'runtime/host-main.ts',
  'runtime/staging/static-server.ts',
  'services/memcached/index.ts',
];

export async function build() {
  const root = fileURLToPath(new URL('.', import.meta.url));
  const common = {
    absWorkingDir: root,
    outdir: 'dist',
    outbase: '.',
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
  };
  const [{ metafile }] = await Promise.all([
    esbuild({
      ...common,
      entryPoints,
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      format: 'esm',
      metafile: true,
    }),
    esbuild({
      ...common,
      entryPoints: ['services/memcached/worker.ts'],
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      minify: true,
    }),
  ]);
  // Old chunks go last, and only those: a host that runs from this folder may still load one it shares with us.
  const chunks = 'dist/chunks';
  for (const name of await readdir(join(root, chunks))) {
    if (!(`${chunks}/${name}` in metafile.outputs)) await rm(join(root, chunks, name));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
