import { expect, test } from 'vitest';
import { renderDiagnostic, renderDiagnostics } from '../../../cli/render/code-frame.ts';
import type { Diagnostic, Span } from '../../../runtime/kernel/diagnostics.ts';

const span = (source: string, marked: string, file = '/app/manifest.yml'): Span => ({
  file,
  line: 3,
  column: source.indexOf(marked) + 1,
  length: marked.length,
  source,
});

const diagnostic = (source: string, marked: string, more: Partial<Diagnostic> = {}): Diagnostic => ({
  code: 'MANIFEST_VALUE',
  severity: 'error',
  message: '"instances" must be a whole number, not "many"',
  span: span(source, marked),
  ...more,
});

test('what is wrong, the line with a squiggle, the hint and the other place', () => {
  const rendered = renderDiagnostic(
    diagnostic('instances: many', 'many', {
      hint: 'For example: instances: 2\nor leave it out',
      related: { message: 'First defined here', span: { ...span('instances: 1', 'instances'), line: 1 } },
    }),
    { relativeTo: '/app' },
  );
  expect(rendered.split('\n')).toEqual([
    'manifest.yml:3:12: error: "instances" must be a whole number, not "many" [MANIFEST_VALUE]',
    '    3 | instances: many',
    '      |            ^^^^',
    '       For example: instances: 2',
    '       or leave it out',
    '  manifest.yml:1:1: First defined here',
    '    1 | instances: 1',
    '      | ---------',
  ]);
});

test('without a place there is just the sentence', () => {
  expect(
    renderDiagnostic({ code: 'MANIFEST_EMPTY', severity: 'warning', message: 'The manifest is empty' }),
  ).toBe('warning: The manifest is empty [MANIFEST_EMPTY]');
});

test('a file outside the folder keeps its whole name', () => {
  const rendered = renderDiagnostic(diagnostic('a: b', 'b'), { relativeTo: '/somewhere/else/entirely/deep' });
  expect(rendered).toContain('/app/manifest.yml:3:4');
});

test('tabs and wide characters keep the squiggle under the mark', () => {
  const [, source, squiggle] = renderDiagnostic(diagnostic('\t名前: many', 'many')).split('\n');
  expect(source).toBe('    3 |   名前: many');
  expect(squiggle).toBe('      |         ^^^^');
});

test('control characters of a manifest never reach the terminal', () => {
  const rendered = renderDiagnostic(
    diagnostic('name: \u001B[31mred\u001B]0;title\u0007\u202E', 'red', {
      message: 'bad \u001B[2J name',
      hint: '\u0007',
    }),
  );
  // oxlint-disable-next-line no-control-regex -- their absence is what is tested
  expect(rendered).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

test('long lines are cut around the mark', () => {
  const source = `${'a'.repeat(200)} here ${'b'.repeat(200)}`;
  const lines = renderDiagnostic(diagnostic(source, 'here'), { width: 60 }).split('\n');
  expect(lines[1]!.length).toBeLessThanOrEqual(60);
  expect(lines[1]).toMatch(/^ {4}3 \| …a+ here b+…$/);
  expect(lines[2]!.indexOf('^')).toBe(lines[1]!.indexOf('here'));
});

test('colours come only when asked for', () => {
  expect(renderDiagnostics([diagnostic('a: b', 'b')])).not.toContain('\u001B');
  expect(renderDiagnostics([diagnostic('a: b', 'b')], { colour: true })).toContain(
    '\u001B[31merror\u001B[0m',
  );
});
