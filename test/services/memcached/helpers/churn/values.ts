/**
 * Values that tell what they are: one or more blocks, each with its key, its version and its length, filled with bytes
 * that only this version has. A block that was cut, shifted, overwritten or mixed with another is none.
 */
import { Random } from '../random.ts';

/** How a block came into a value: it was set, or joined behind or before what was there. */
export type BlockKind = 'S' | 'A' | 'P';

export interface Block {
  readonly kind: BlockKind;
  readonly version: number;
}

const HEAD_BYTES = 40;
export const BLOCK_BYTES_LEAST = HEAD_BYTES;
const FILLING_BYTES = 4 * 1024 * 1024;
/** Steps between the fillings of versions: odd, so that no two of the last million begin at the same place. */
const STEP = 1_031;

const filling = fillingOf(FILLING_BYTES);

function fillingOf(bytes: number): Buffer {
  const random = new Random(0xf111);
  const words = new Uint32Array(bytes / 4);
  for (let at = 0; at < words.length; at++) words[at] = random.below(2 ** 32);
  return Buffer.from(words.buffer);
}

/** @param bytes at least `BLOCK_BYTES_LEAST` and at most 2 MiB */
export function makeBlock(kind: BlockKind, key: string, version: number, bytes: number): Buffer {
  const head = headOf(kind, key, version, bytes);
  const from = fillingAt(version);
  return Buffer.concat([head, filling.subarray(from, from + bytes - HEAD_BYTES)]);
}

/**
 * The blocks of a value of this key.
 * @throws Error if it is no row of whole blocks: those joined before, the one that was set, those joined behind
 */
export function blocksOf(key: string, value: Buffer): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < value.length;) {
    const head = value.toString('latin1', at, at + HEAD_BYTES);
    const [kind, owner, version, length] = head.trimEnd().split(':');
    const bytes = Number(length);
    const isHead =
      owner === key &&
      bytes >= HEAD_BYTES &&
      head === headOf(kind as BlockKind, key, Number(version), bytes).toString('latin1');
    if (!isHead)
      throw new Error(`${key} has at ${at} of ${value.length} no block, but ${JSON.stringify(head)}`);
    const from = fillingAt(Number(version));
    const rest = value.subarray(at + HEAD_BYTES, at + bytes);
    const expected = filling.subarray(from, from + bytes - HEAD_BYTES);
    if (!rest.equals(expected)) {
      throw new Error(
        `${key} version ${version} at ${at} of ${value.length}: ${differenceOf(rest, expected)}`,
      );
    }
    blocks.push({ kind: kind as BlockKind, version: Number(version) });
    at += bytes;
  }
  const kinds = blocks.map(({ kind }) => kind).join('');
  if (!/^P*SA*$/.test(kinds)) throw new Error(`${key} is made of ${kinds}`);
  return blocks;
}

function headOf(kind: BlockKind, key: string, version: number, bytes: number): Buffer {
  return Buffer.from(`${kind}:${key}:${version}:${bytes}:`.padEnd(HEAD_BYTES), 'latin1');
}

function fillingAt(version: number): number {
  return (version * STEP) % (FILLING_BYTES / 2);
}

function differenceOf(found: Buffer, expected: Buffer): string {
  if (found.length !== expected.length) return `cut after ${found.length} of ${expected.length} bytes`;
  const at = found.findIndex((byte, index) => byte !== expected[index]);
  const found16 = found.subarray(at, at + 16);
  const from = filling.indexOf(found16);
  const whence = from < 0 ? JSON.stringify(found16.toString('latin1')) : `filling of ${from}`;
  return `other bytes from ${at} of ${expected.length} on: ${whence}`;
}
