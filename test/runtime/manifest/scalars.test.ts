import { expect, test } from 'vitest';
import { environmentText, readScalar } from '../../../runtime/manifest/dialects/cloud-foundry/scalars.ts';

const seen = (text: string, plain = true): string => {
  const value = readScalar({ text, plain });
  return value.type === 'timestamp' ? 'refused' : environmentText(value);
};

test.each([
  ['yes', 'true'],
  ['Y', 'true'],
  ['on', 'true'],
  ['no', 'false'],
  ['n', 'false'],
  ['OFF', 'false'],
  ['True', 'true'],
  ['null', ''],
  ['~', ''],
  ['', ''],
  ['012', '10'],
  ['0o17', '15'],
  ['0x1F', '31'],
  ['0b101', '5'],
  ['1_000', '1000'],
  ['08', '8'],
  ['1.10', '1.1'],
  ['3.0', '3'],
  ['1000000.0', '1e+06'],
  ['1e6', '1e+06'],
  ['0.00001', '1e-05'],
  ['123456789.5', '123456789.5'],
  ['1e3', '1000'],
  ['12345678901234567890', '12345678901234567890'],
  ['-5', '-5'],
  ['+5', '5'],
  ['-0x10', '-16'],
  ['.5', '0.5'],
  ['1.5e20', '1.5e+20'],
  ['.inf', 'Infinity'],
  ['.nan', 'NaN'],
  ['04:45', '04:45'],
  ['22:22', '22:22'],
  ['1,234', '1,234'],
  ['yup', 'yup'],
  ['tRuE', 'tRuE'],
  ['1.2.3', '1.2.3'],
  ['-', '-'],
  ['2020-01-01', 'refused'],
  ['2020-01-01T10:00:00Z', 'refused'],
])('plain %s becomes %j', (text, value) => expect(seen(text)).toBe(value));

test.each(['yes', '012', '~', '1e6', '2020-01-01', ''])('quoted %j stays as it is', (text) =>
  expect(seen(text, false)).toBe(text),
);
