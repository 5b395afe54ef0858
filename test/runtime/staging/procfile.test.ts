import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readProcfile } from '../../../runtime/staging/procfile.ts';

const commandsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(readProcfile(text).commands).map(([type, { command }]) => [type, command]),
  );

test.each([
  ['one', 'web: gunicorn wsgi:application', { web: 'gunicorn wsgi:application' }],
  ['several', 'web: node web.js\nworker:   node work.js\n', { web: 'node web.js', worker: 'node work.js' }],
  [
    'Windows line ends',
    'web: node web.js\r\nclock: node clock.js\r\n',
    { web: 'node web.js', clock: 'node clock.js' },
  ],
  ['comments and blank lines', '# start\n\nweb: node web.js # here\n', { web: 'node web.js' }],
  ['quoted', 'web: "node web.js"', { web: 'node web.js' }],
  ['a number stays text', 'web: 12', { web: '12' }],
  ['a block', 'web: >-\n  node\n  web.js\n', { web: 'node web.js' }],
  ['no YAML: a flow', 'web: [ -f x ] && node web.js', { web: '[ -f x ] && node web.js' }],
  ['no YAML: a colon and a space', 'web: sh -c "echo a: b"', { web: 'sh -c "echo a: b"' }],
  ['names like those of objects', '__proto__: a\nconstructor: b', { ['__proto__']: 'a', constructor: 'b' }],
])('%s', (_name, text, expected) => {
  expect(Object.entries(commandsOf(text))).toEqual(Object.entries(expected));
});

test('where only lines can be read it says that Cloud Foundry would not', () => {
  expect(readProcfile('web: [ -f x ] && y').notes).toEqual([
    expect.stringContaining('Cloud Foundry would refuse'),
  ]);
  expect(readProcfile('web: y').notes).toEqual([]);
});

test('nothing in it is said', () => {
  expect(readProcfile('  \n')).toMatchObject({ commands: {}, notes: ['Procfile is empty'] });
});

test.each([
  ['web node web.js', 'invalid YAML in Procfile: line 1 is not of the form "TYPE: COMMAND"'],
  ['web: a\n- b', 'invalid YAML in Procfile: line 2 is not of the form "TYPE: COMMAND"'],
  ['web: a\nweb: b', 'invalid YAML in Procfile: line 2 declares "web" a second time'],
  ['web:\n  nested: b', 'invalid YAML in Procfile: line 1 is not of the form "TYPE: COMMAND"'],
  ['web/1: a', 'invalid YAML in Procfile: line 1 is not of the form "TYPE: COMMAND"'],
])('%j is a problem', (text, problem) => {
  expect(readProcfile(text)).toMatchObject({ problem, commands: {} });
});

test('any text is read or refused, never thrown at', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void readProcfile(text)));
  const line = fc.constantFrom(
    'web: ',
    'a',
    ':',
    '\n',
    '- ',
    '[',
    '{',
    '"',
    '&x ',
    '*x',
    '!!',
    '|',
    '>',
    '#',
    '%',
    '\t',
    '  ',
  );
  fc.assert(fc.property(fc.array(line, { maxLength: 20 }), (parts) => void readProcfile(parts.join(''))));
});
