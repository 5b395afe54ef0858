import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineSplitter, MAX_LINE_BYTES } from '../../../services/kit/lines.ts';

function split(...chunks: readonly (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('LineSplitter', () => {
  test.each([
    ['nothing', [], []],
    ['one line', ['a\n'], ['a']],
    ['a last line without an end', ['a\nb'], ['a', 'b']],
    ['empty lines', ['\n\na\n\n'], ['', '', 'a', '']],
    ['Windows line ends', ['a\r\nb\r\n'], ['a', 'b']],
    ['a line end split over chunks', ['a\r', '\nb'], ['a', 'b']],
    ['a carriage return inside a line', ['10%\r20%\n'], ['10%\r20%']],
    ['a line over many chunks', ['a', 'b', 'c\nd', 'e\n'], ['abc', 'de']],
    ['a character split over chunks', [Buffer.from([0xe2, 0x82]), Buffer.from([0xac, 0x0a])], ['€']],
    ['bytes that are not UTF-8', [Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a])], ['a\u{fffd}\u{fffd}b']],
    ['an unfinished character at the end', [Buffer.from([0x61, 0xe2, 0x82])], ['a\u{fffd}']],
  ])('%s', (_, chunks, lines) => {
    expect(split(...chunks)).toEqual(lines);
  });

  test('a line of the greatest length stays whole', () => {
    const line = 'x'.repeat(MAX_LINE_BYTES);
    expect(split(`${line}\n`)).toEqual([line]);
  });

  test('a longer line is cut', () => {
    const line = 'x'.repeat(2 * MAX_LINE_BYTES + 10);
    expect(split(`${line}\nnext\n`).map((part) => part.length)).toEqual([
      MAX_LINE_BYTES,
      MAX_LINE_BYTES,
      10,
      4,
    ]);
  });

  test('no character is lost at a cut', () => {
    for (const shift of ['', 'a', 'ab', 'abc']) {
      const line = shift + '€😀'.repeat(30_000);
      const parts = split(`${line}\n`);
      expect(parts.length).toBeGreaterThan(3);
      expect(parts.join('')).toBe(line);
    }
  });

  test('the way in which bytes arrive does not matter', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.integer({ min: 0, max: 300 })),
        (bytes, cuts) => {
          const all = Buffer.from(bytes.map((byte) => (byte % 5 === 0 ? 0x0a : byte)));
          const places = [0, ...cuts.toSorted((a, b) => a - b), all.length];
          const chunks = places.slice(1).map((end, index) => all.subarray(places[index], end));
          expect(split(...chunks)).toEqual(split(all));
        },
      ),
    );
  });
});
