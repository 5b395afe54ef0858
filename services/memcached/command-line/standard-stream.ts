import { writeSync } from 'node:fs';

/** What the program says, on stdout or stderr. */
export interface TextSink {
  write(text: string): unknown;
}

const FULL_WAITS_MAX = 200;
const FULL_WAIT_MS = 5;

/**
 * A standard stream written without Node's `process.stdout` and `process.stderr`: those set a pipe non-blocking, for
 * everybody who shares it. Whoever starts a memcached that inherits its output (a test-suite under a harness, a shell
 * script in a pipeline) would lose lines of its own. Nobody at the other end is no failure, as it is none of memcached.
 */
export function standardStream(descriptor: 1 | 2): TextSink {
  return {
    write(text) {
      const bytes = Buffer.from(text);
      let waits = 0;
      for (let at = 0; at < bytes.length;) {
        try {
          at += writeSync(descriptor, bytes, at);
        } catch (error) {
          // Somebody else set it non-blocking, and it is full: what does not fit after a while is lost.
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || ++waits > FULL_WAITS_MAX) return;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_WAIT_MS);
        }
      }
    },
  };
}
