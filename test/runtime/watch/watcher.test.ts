import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { watch, type WatchOptions } from '../../../runtime/watch/watcher.ts';
import { until } from '../../helpers/alive.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Watches a folder until the test ends. */
async function watched(root: string, options: Partial<WatchOptions> = {}) {
  const batches: (readonly string[])[] = [];
  const watching = await watch({
    root,
    files: [],
    ignores: [],
    onBatch: (changes) => batches.push(changes.map(({ file }) => file)),
    onDegraded: () => {},
    ...options,
  });
  onTestFinished(async () => watching[Symbol.asyncDispose]());
  return { watching, batches };
}

test('an edit is told, an ignored one is not, and a file outside that is asked for is', async () => {
  const folder = tempDir();
  const root = join(folder, 'app');
  mkdirSync(root);
  const manifest = join(folder, 'manifest.yml');
  writeFileSync(manifest, '');
  const { batches } = await watched(root, { files: [manifest], ignores: ['*.txt'] });
  writeFileSync(join(root, 'notes.txt'), 'changed');
  writeFileSync(join(root, 'app.js'), 'changed');
  writeFileSync(manifest, 'changed');
  const wanted = [join(root, 'app.js'), manifest];
  await until('both edits', () => wanted.every((file) => batches.flat().includes(file)));
  expect(batches.flat()).not.toContain(join(root, 'notes.txt'));
});

test('an opening that is cut short rejects with the reason', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const opening = watched(tempDir(), { signal: controller.signal });
  controller.abort(reason);
  await expect(opening).rejects.toBe(reason);
  await expect(watched(tempDir(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

/** A user namespace has limits of its own, which leave everybody else's alone. */
const LIMITED = [
  '--user',
  '--map-root-user',
  'sh',
  '-c',
  'echo 4 > /proc/sys/user/max_inotify_watches && exec "$@"',
  'sh',
];
const canLimit = spawnSync('unshare', [...LIMITED, 'true']).status === 0;
if (!canLimit) console.log('Skipped: the limit of file watches cannot be lowered here (no user namespaces)');

test.runIf(canLimit)('where the system allows no more watches, files are polled', async () => {
  const root = tempDir();
  for (let index = 0; index < 8; index++) mkdirSync(join(root, `folder-${index}`));
  const module = new URL('../../../runtime/watch/watcher.ts', import.meta.url).href;
  const script = `const { watch } = await import(${JSON.stringify(module)});
    const say = (what) => console.log(JSON.stringify(what));
    const watching = await watch({ root: process.argv[1], files: [], ignores: [],
      onBatch: (changes) => say({ files: changes.map(({ file }) => file) }), onDegraded: (message) => say({ message }) });
    say('watching');
    process.stdin.once('data', async () => {
      await watching[Symbol.asyncDispose]();
      say('closed');
      process.stdin.destroy();
    });`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script, root];
  const child = spawn('unshare', [...LIMITED, ...node], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const told: unknown[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => told.push(JSON.parse(line)));
  await until('it to watch', () => told.includes('watching'));
  expect(told[0]).toEqual({ message: expect.stringContaining('sysctl fs.inotify.max_user_watches') });
  const edited = join(root, 'folder-7/app.js');
  await until('an edit to be told', () => {
    writeFileSync(edited, String(Math.random()));
    return told.some((what) => (what as { files?: string[] }).files?.includes(edited));
  });
  child.stdin.write('close');
  expect(await exited).toBe(0);
  expect(told.at(-1)).toBe('closed');
});
