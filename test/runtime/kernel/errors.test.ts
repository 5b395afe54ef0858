import { describe, expect, test } from 'vitest';
import { errorCodes, errorFromJson, errorToJson, PaasError } from '../../../runtime/kernel/errors.ts';
import { JsonLines, LineTooLong } from '../../../runtime/kernel/json-lines.ts';
import { suggest } from '../../../runtime/kernel/suggest.ts';

describe('the table of errors', () => {
  test.each(errorCodes)('%s reads as a sentence, with or without facts', (code) => {
    for (const facts of [
      {},
      {
        app: 'a',
        service: 's',
        folder: '/f',
        file: 'm.yml',
        port: 8080,
        known: ['x'],
        count: 2,
        message: 'it broke',
        reason: 'why',
        packages: ['p'],
        lookedFor: ['l'],
        found: ['f'],
        listening: ['127.0.0.1:1'],
      },
    ]) {
      const error = new PaasError(code, facts);
      expect(error.message).not.toMatch(/undefined|null|\[object|\.$/);
      expect(error.hint ?? '').not.toMatch(/undefined|\[object/);
      expect(error.exitCode).toBeGreaterThan(0);
    }
  });

  test('an error crosses the socket unchanged', () => {
    const error = new PaasError(
      'APP_EXITED',
      { app: 'a', exit: 'exited with status 1', after: '3 ms', command: 'x' },
      { logLines: ['boom'] },
    );
    const back = errorFromJson(JSON.parse(JSON.stringify(errorToJson(error))));
    expect(back).toMatchObject({
      code: 'APP_EXITED',
      message: error.message,
      hint: error.hint,
      logLines: ['boom'],
      exitCode: 3,
    });
  });

  test('a bug crosses with its stack', () => {
    const json = errorToJson(new TypeError('oops'));
    expect(json).toMatchObject({ code: 'INTERNAL', message: 'oops' });
    expect(errorFromJson(json).stack).toContain('TypeError: oops');
  });
});

test.each([
  ['memcache', 'memcached'],
  ['memcahced', 'memcached'],
  ['redsi', 'redis'],
  ['Memcached', 'memcached'],
  ['health_check_type', 'health-check-type'],
  ['zzz', undefined],
])('suggest %s', (word, expected) => {
  expect(suggest(word, ['memcached', 'redis', 'postgresql', 'health-check-type'])).toBe(expected);
});

describe('json lines', () => {
  test('any split gives the same lines', () => {
    const bytes = Buffer.from('{"a":"é"}\n\n{"b":2}\n{"c"');
    for (let at = 0; at <= bytes.length; at++) {
      const lines = new JsonLines(100);
      expect([...lines.push(bytes.subarray(0, at)), ...lines.push(bytes.subarray(at))]).toEqual([
        '{"a":"é"}',
        '{"b":2}',
      ]);
    }
  });

  test('a line past the bound is refused before it is held', () => {
    const lines = new JsonLines(10);
    expect(() => lines.push(Buffer.alloc(11, 97))).toThrow(LineTooLong);
  });
});

test('an error of another copy of the program is one too: the command line and the runtime are bundled apart', () => {
  const other = Object.assign(new Error('Cannot'), { [Symbol.for('paas-local.PaasError')]: true });
  expect(other instanceof PaasError).toBe(true);
  expect(new Error('Cannot') instanceof PaasError).toBe(false);
});
