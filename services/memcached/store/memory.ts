import { MessageChannel } from 'node:worker_threads';

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

/**
 * Gives memory back now: a collection may be long in coming where no objects are made. It goes with a message to nobody.
 * The array is empty afterwards.
 */
export function release({ buffer }: Int32Array): void {
  if (!(buffer instanceof ArrayBuffer)) return;
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(undefined, [buffer]);
  port1.close();
  port2.close();
}

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
