// Bundles the sources with code splitting, so that `--version` and `--help` import next to nothing.
// Dependencies stay outside the bundle: they are installed with the package.
import { rm } from 'node:fs/promises';
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
  await rm(`${root}dist/chunks`, { recursive: true, force: true });
  await esbuild({
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
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
