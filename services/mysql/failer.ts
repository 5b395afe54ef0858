/** Statements of MySQL that are answered with an error. */
import { isTls, Pieces, type Failer, type Taken } from '../kit/failer.ts';

const HEADER_BYTES = 4;
/** A packet of this length goes on in the next one. */
const FULL = 0xffffff;
/** Commands that an app waits for the outcome of: init db, query, prepare, execute, fetch, bulk execute (MariaDB). */
const MAY_FAIL = new Set([0x02, 0x03, 0x16, 0x17, 0x1c, 0xfa]);
const ERROR = 0xff;

export class MysqlFailer implements Failer {
  readonly #pieces = new Pieces();
  /** Of the command under way more packets come; whether it was let pass. */
  #more: { readonly passes: boolean } | undefined;

  get inside(): boolean {
    return this.#more !== undefined || this.#pieces.unfinished;
  }

  take(chunk: Buffer, next: () => string | undefined): Taken | undefined {
    if (!this.inside && isTls(chunk)) return undefined;
    const packets = this.#pieces.split(chunk, packetLength);
    if (!packets) return undefined;
    const toEngine: Buffer[] = [];
    const toClient: Buffer[] = [];
    for (const packet of packets) {
      // Commands begin at 0; a packet with another number answers the server, as in a login.
      const command = packet[3] === 0 && !this.#more ? packet[HEADER_BYTES] : undefined;
      const message = command !== undefined && MAY_FAIL.has(command) ? next() : undefined;
      const passes = this.#more?.passes ?? message === undefined;
      if (passes) toEngine.push(packet);
      if (message !== undefined) toClient.push(errorPacket(message));
      this.#more = packet.readUIntLE(0, 3) === FULL ? { passes } : undefined;
    }
    return { toEngine, toClient };
  }
}

const packetLength = (bytes: Buffer): number | 'incomplete' =>
  bytes.length < HEADER_BYTES ? 'incomplete' : HEADER_BYTES + bytes.readUIntLE(0, 3);

/** `1213 (40001): text`, as its own clients print one; without that it is an unknown error. */
function errorPacket(message: string): Buffer {
  const match = /^(\d{1,5}) \(([0-9A-Z]{5})\): ?(.*)$/s.exec(message);
  const [number, state, text] = match
    ? [Number(match[1]) & 0xffff, match[2]!, match[3]!]
    : [1105, 'HY000', message];
  const body = Buffer.concat([
    Buffer.from([ERROR, number & 0xff, number >> 8]),
    Buffer.from(`#${state}${text}`),
  ]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntLE(body.length, 0, 3);
  header[3] = 1;
  return Buffer.concat([header, body]);
}
