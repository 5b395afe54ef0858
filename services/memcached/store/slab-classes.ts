import { PAGE_BYTES } from './arena.ts';
import { HEADER_BYTES } from './item.ts';

/** Header of memcached's items without CAS: the smallest chunk is this plus the `-n` bytes. */
const NOMINAL_HEADER_BYTES = 48;
/** Class ids share a byte with the LRU segment, hence six bits. Class 0 means "fits nowhere". */
export const CLASSES_MAX = 64;
export const CHUNK_ALIGN = 8;
/** Sizes up to this one find their class through a table with one entry per step. */
const LOOKUP_BYTES = 16 * 1024;
const LOOKUP_STEP = 8;

export interface SlabSizing {
  /** `-n`: least bytes for key, value and flags. */
  readonly chunkSize: number;
  /** `-f`, above 1. */
  readonly growthFactor: number;
  /** Largest chunk; the value of a larger item lies in a run of units. */
  readonly slabChunkMax: number;
  /** `-o slab_sizes=`: explicit chunk sizes. */
  readonly slabSizes?: readonly number[] | undefined;
}

/** The table of chunk sizes: 96 bytes, each class a growth factor larger than the one before. */
export class SlabClasses {
  /** Chunk size by class id; entry 0 is unused. */
  readonly sizes: Int32Array;
  /** The class of the largest chunks, and of items that are larger than these. */
  readonly largest: number;
  readonly #lookup = new Uint8Array(LOOKUP_BYTES / LOOKUP_STEP + 1);

  constructor(sizing: SlabSizing) {
    const sizes = sizing.slabSizes ? [0, ...sizing.slabSizes.map(aligned)] : [0, ...grownSizes(sizing)];
    sizes.push(sizing.slabChunkMax);
    this.sizes = Int32Array.from(sizes);
    this.largest = sizes.length - 1;
    for (let step = 0, id = 1; step < this.#lookup.length; step++) {
      while (id < this.largest && this.sizes[id]! < step * LOOKUP_STEP) id++;
      this.#lookup[step] = id;
    }
  }

  /** The class whose chunks hold `size` bytes; sizes above the largest chunk belong to the largest class. */
  classOf(size: number): number {
    if (size <= LOOKUP_BYTES) {
      const id = this.#lookup[(size + LOOKUP_STEP - 1) >> 3]!;
      return this.sizes[id]! >= size || id === this.largest ? id : id + 1;
    }
    let id = this.#lookup[this.#lookup.length - 1]!;
    while (id < this.largest && this.sizes[id]! < size) id++;
    return id;
  }

  chunksPerPage(id: number): number {
    return Math.floor(PAGE_BYTES / this.sizes[id]!);
  }
}

/** As items are named by eighths of their offset, no chunk may begin in between. */
function aligned(size: number): number {
  return Math.ceil(size / CHUNK_ALIGN) * CHUNK_ALIGN;
}

function grownSizes({ chunkSize, growthFactor, slabChunkMax }: SlabSizing): number[] {
  const sizes: number[] = [];
  let size = NOMINAL_HEADER_BYTES + chunkSize;
  while (sizes.length < CLASSES_MAX - 2 && size < slabChunkMax / growthFactor) {
    size = aligned(size);
    sizes.push(Math.max(size, HEADER_BYTES + CHUNK_ALIGN));
    size = Math.floor(size * growthFactor);
  }
  return sizes;
}
