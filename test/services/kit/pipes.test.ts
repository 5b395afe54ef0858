import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasProc } from '../../../services/kit/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const MODULE = new URL('../../../services/kit/pipes.ts', import.meta.url).href;

/** What a program prints that has `outputPipe`, in a process of its own. */
function run(body: string): unknown {
  const script = `import { readdirSync } from 'node:fs'; import { spawnSync } from 'node:child_process';
    import { outputPipe } from ${JSON.stringify(MODULE)};
    ${body}`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    { encoding: 'utf8', timeout: 100_000 },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('without a folder for temporary files there are none, and nothing is thrown', () => {
  const missing = JSON.stringify(join(tempDir(), 'missing'));
  const told = run(`process.env.TMPDIR = ${missing}; console.log(outputPipe() === undefined);`);
  expect(told).toBe(true);
});

const canLimit = hasProc && spawnSync('prlimit', ['--version']).status === 0;
if (!canLimit) console.log('Skipped: the number of open files cannot be limited here (no prlimit)');

test.runIf(canLimit)(
  'when no more open files are allowed, the pipes that could be made are used and none is lost',
  () => {
    const tmp = tempDir();
    const told = run(
      `process.env.TMPDIR = ${JSON.stringify(tmp)};
    const open = () => readdirSync('/proc/self/fd').map(Number);
    const before = open();
    const limit = (count) => spawnSync('prlimit', ['--pid', String(process.pid), '--nofile=' + count + ':']);
    let free = 0, most = 0;
    while (free < 9) if (!before.includes(most++)) free++;
    limit(most);
    const pipes = [];
    for (let pipe; (pipe = outputPipe()); ) pipes.push(pipe);
    for (const { stream, closeWriteEnd } of pipes) { closeWriteEnd(); stream.destroy(); }
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    limit(1024);
    const left = open().filter((fd) => !before.includes(fd)).length;
    console.log(JSON.stringify({ some: pipes.length > 0, left }));`,
    );
    expect(told).toEqual({ some: true, left: 0 });
    expect(readdirSync(tmp)).toEqual([]);
  },
);
