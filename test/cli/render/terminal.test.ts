import { expect, test } from 'vitest';
import { createTerminal } from '../../../cli/render/terminal.ts';

test('whatever is a part of a line, only text and colour reach the terminal', () => {
  let written = '';
  const stream = { write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream;
  const terminal = createTerminal({ env: { FORCE_COLOR: '1' }, stdout: stream, stderr: stream });
  const file = '\u001B]0;owned\u0007\u009B2J.py';
  terminal.out(`${terminal.paint.bold('app')}: changed ${file}`);
  terminal.err(file);
  expect(written).toBe(
    '\u001B[1mapp\u001B[0m: changed \\x1b]0;owned\\x07\\u009b2J.py\n\\x1b]0;owned\\x07\\u009b2J.py\n',
  );
});
