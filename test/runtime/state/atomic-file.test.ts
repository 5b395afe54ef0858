import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFiles, writeFileAtomic } from '../../../runtime/state/atomic-file.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('a file is replaced, private to the user', () => {
  const file = join(tempDir(), 'record.json');
  writeFileAtomic(file, 'one');
  writeFileAtomic(file, 'two');
  expect(readFileSync(file, 'utf8')).toBe('two');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

const canLimit = spawnSync('prlimit', ['--version']).status === 0;
if (!canLimit) console.log('Skipped: the size of files cannot be limited here (no prlimit)');

test.runIf(canLimit)('where only a part can be written, the old file stays and nothing else does', () => {
  const folder = tempDir();
  const file = join(folder, 'record.json');
  writeFileAtomic(file, 'old');
  const module = new URL('../../../runtime/state/atomic-file.ts', import.meta.url).href;
  const script = `import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
    import { temporaryFiles, writeFileAtomic } from ${JSON.stringify(module)};
    spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=1024']);
    try { writeFileAtomic(process.argv[1], 'x'.repeat(4096)); console.log('written'); }
    catch (error) { console.log(error.code); }`;
  // Ignored, so that the limit is an error of the write instead of the end of the process.
  const command = `trap '' XFSZ; exec "$0" --import tsx --input-type=module -e "$@"`;
  const { stdout } = spawnSync('bash', ['-c', command, process.execPath, script, file], { encoding: 'utf8' });
  expect(stdout.trim()).toBe('EFBIG');
  expect(readFileSync(file, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['record.json']);
});

test('what a writer left who was killed is found, and nothing else', () => {
  const file = join(tempDir(), 'record.json');
  expect(temporaryFiles(join(file, 'missing', 'x'))).toEqual([]);
  const left = `${file}.${randomUUID()}.tmp`;
  for (const path of [file, left, `${file}.unreadable-1`, `${file}.tmp`, `${file}x.${randomUUID()}.tmp`])
    writeFileSync(path, '');
  expect(temporaryFiles(file)).toEqual([left]);
});
