// Bundles the sources with code splitting, so that `--version` and `--help` import next to nothing.
// Dependencies stay outside the bundle: they are installed with the package.
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
  'services/memcached/worker.ts',
];

export async function build() {
  const root = fileURLToPath(new URL('.', import.meta.url));
  const { metafile } = await esbuild({
    absWorkingDir: root,
    entryPoints,
    outdir: 'dist',
    outbase: '.',
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  });
  // Old chunks go last, and only those: a host that runs from this folder may still load one it shares with us.
  const chunks = 'dist/chunks';
  for (const name of await readdir(join(root, chunks))) {
    if (!(`${chunks}/${name}` in metafile.outputs)) await rm(join(root, chunks, name));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
