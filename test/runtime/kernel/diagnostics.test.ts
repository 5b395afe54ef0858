import { expect, test } from 'vitest';
import { Diagnostics, type Span } from '../../../runtime/kernel/diagnostics.ts';

const at = (file: string, line: number, column = 1): Span => ({ file, line, column, length: 1, source: '' });

test('diagnostics are listed file by file, then in the order of the text, what has no place first', () => {
  const diagnostics = new Diagnostics();
  diagnostics.error('B2', '', { span: at('root.yml', 9) });
  diagnostics.error('C1', '', { span: at('base.yml', 1) });
  diagnostics.warning('B1', '', { span: at('root.yml', 2, 5) });
  diagnostics.error('A', '');
  diagnostics.warning('B0', '', { span: at('root.yml', 2, 1) });
  expect(diagnostics.list().map(({ code }) => code)).toEqual(['A', 'B0', 'B1', 'B2', 'C1']);
  expect(diagnostics.failed).toBe(true);
});

test('warnings alone are no failure', () => {
  const diagnostics = new Diagnostics();
  diagnostics.warning('W', '');
  expect(diagnostics.failed).toBe(false);
});
