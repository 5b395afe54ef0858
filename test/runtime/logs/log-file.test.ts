import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAllLines } from '../../../runtime/logs/log-file.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const write = (path: string, ...numbers: number[]) =>
  writeFileSync(path, numbers.map((number) => `${JSON.stringify({ number })}\n`).join(''));

test('files that are rotated while they are read lose no line and tell none twice', () => {
  const path = join(tempDir(), 'shop.log');
  write(`${path}.2`, 1, 2);
  write(`${path}.1`, 3, 4);
  write(path, 5, 6);
  let rotated = false;
  const lines = readAllLines<{ number: number }>(path, () => {
    if (rotated) return false;
    rotated = true;
    for (const [from, to] of [
      ['.2', '.3'],
      ['.1', '.2'],
      ['', '.1'],
    ] as const)
      // prettier-ignore
      renameSync(`${path}${from}`, `${path}${to}`);
    write(path, 7);
    return false;
  });
  expect(rotated).toBe(true);
  expect(lines.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
});
