import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { hasProc } from '../../../services/kit/process-table.ts';

const MODULE = new URL('../../../services/kit/inherited-files.ts', import.meta.url).href;

test.runIf(hasProc)('a lock held by the shell that started us is let go', () => {
  const script = `import { openSync } from 'node:fs';
    import { closeInheritedFiles, inheritedFiles } from ${JSON.stringify(MODULE)};
    const own = openSync('/dev/null');
    const before = inheritedFiles();
    closeInheritedFiles();
    console.log(JSON.stringify({ found: before.includes(57), kept: !before.includes(own), after: inheritedFiles() }));`;
  const command = `exec 57>/dev/null; exec "$0" --import tsx --input-type=module -e "$1"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, script], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ found: true, kept: true, after: [] });
});
