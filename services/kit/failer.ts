/**
 * Requests that are made to fail as their engine would fail them: the outage in which a server is there and says no.
 * Each type that is served through a relay and whose protocol can be told apart into requests has its own.
 */

/** What becomes of some bytes of a client. */
export interface Taken {
  /** What goes on, in their place. */
  readonly toEngine: readonly Buffer[];
  /** What the client is answered at once. */
  readonly toClient: readonly Buffer[];
}

/** Of one client's connection. Used only while requests are to fail, so it begins between two of them. */
export interface Failer {
  /** Not all of a request has come, so that what comes next belongs to it. */
  readonly inside: boolean;
  /**
   * @param chunk what the client sent
   * @param next asked once for each request that may fail; a message if it is to
   * @returns undefined for what cannot be read: the connection can only be ended then
   */
  take(chunk: Buffer, next: () => string | undefined): Taken | undefined;
}

const TLS_TYPES = { from: 20, to: 23 } as const;
const TLS_MAJOR = 3;
const TLS_HEADER_BYTES = 5;

/** A client that speaks TLS: nothing of it can be read. */
export function isTls(chunk: Buffer): boolean {
  const [type = 0, major] = chunk;
  if (type < TLS_TYPES.from || type > TLS_TYPES.to || major !== TLS_MAJOR) return false;
  return chunk.length >= TLS_HEADER_BYTES && chunk.readUInt16BE(3) + TLS_HEADER_BYTES <= chunk.length;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Bytes of any split as whole pieces; the tail of one waits for the rest. */
export class Pieces {
  #rest = NOTHING;

  get unfinished(): boolean {
    return this.#rest.length > 0;
  }

  /**
   * @param measure how long the piece at the start is, `incomplete` where that cannot be told yet, undefined where it is none
   * @returns undefined where the bytes cannot be read
   */
  split(
    chunk: Buffer,
    measure: (bytes: Buffer) => number | 'incomplete' | undefined,
  ): readonly Buffer[] | undefined {
    let bytes = this.unfinished ? Buffer.concat([this.#rest, chunk]) : chunk;
    const pieces: Buffer[] = [];
    this.#rest = NOTHING;
    while (bytes.length > 0) {
      const length = measure(bytes);
      if (length === undefined) return undefined;
      if (length === 'incomplete' || length > bytes.length) {
        this.#rest = bytes;
        break;
      }
      pieces.push(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    return pieces;
  }
}
