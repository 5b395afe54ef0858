/** Where a store's large blocks come from; a value, so that tests can have one that refuses. */
export interface Memory {
  /** Zeroed. @throws RangeError if there is none */
  readonly block: (bytes: number) => ArrayBuffer;
  /** Zeroed. @throws RangeError if there is none */
  readonly words: (count: number) => Int32Array;
}

export const systemMemory: Memory = {
  block: (bytes) => new ArrayBuffer(bytes),
  words: (count) => new Int32Array(count),
};

/** The same, where every refusal is counted. */
export function countingRefusals(memory: Memory, count: () => void): Memory {
  const counted = <T>(take: (size: number) => T) => {
    return (size: number) => {
      try {
        return take(size);
      } catch (error) {
        if (error instanceof RangeError) count();
        throw error;
      }
    };
  };
  return { block: counted(memory.block), words: counted(memory.words) };
}
