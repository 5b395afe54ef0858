/**
 * Statements of PostgreSQL that fail. Not answered in its place: the server is given a statement that fails with the
 * wanted message, so that a transaction is aborted as by any other failure.
 */
import { isTls, Pieces, type Failer, type Taken } from '../kit/failer.ts';

const HEADER_BYTES = 5;
/** Of the extended protocol: together, up to the next `S`, they are one request. */
const GROUP = 'PBDEC';

export class PostgresFailer implements Failer {
  readonly #pieces = new Pieces();
  /** Begun and not yet synchronised. */
  #group: { readonly message: string | undefined; told: boolean } | undefined;

  get inside(): boolean {
    return this.#group !== undefined || this.#pieces.unfinished;
  }

  take(chunk: Buffer, next: () => string | undefined): Taken | undefined {
    if (!this.inside && isTls(chunk)) return undefined;
    const messages = this.#pieces.split(chunk, messageLength);
    if (!messages) return undefined;
    const toEngine: Buffer[] = [];
    const toClient: Buffer[] = [];
    for (const message of messages) {
      const letter = String.fromCharCode(message[0]!);
      if (letter === 'Q' || letter === 'F') {
        const failure = next();
        toEngine.push(failure === undefined ? message : raise(failure));
      } else if (GROUP.includes(letter)) {
        this.#group ??= { message: next(), told: false };
        if (this.#group.message === undefined) toEngine.push(message);
      } else if (letter === 'S' && this.#group) {
        const { message: failure, told } = this.#group;
        this.#group = undefined;
        toEngine.push(failure === undefined || told ? message : raise(failure));
      } else if (letter === 'H' && this.#group?.message !== undefined) {
        // It wants to hear before it is done: only we can answer in the middle.
        if (!this.#group.told) toClient.push(errorResponse(this.#group.message));
        this.#group.told = true;
      } else toEngine.push(message);
    }
    return { toEngine, toClient };
  }
}

/** What begins a connection has no letter, but a length whose first byte is 0. */
function messageLength(bytes: Buffer): number | 'incomplete' | undefined {
  const first = bytes[0]!;
  const letter = (first >= 0x41 && first <= 0x5a) || (first >= 0x61 && first <= 0x7a);
  if (!letter && first !== 0) return undefined;
  if (bytes.length < HEADER_BYTES) return 'incomplete';
  return letter ? 1 + bytes.readUInt32BE(1) : bytes.readUInt32BE(0);
}

/** `40001: text` gives the SQLSTATE; without one it is the server's own trouble. */
function read(message: string): { readonly state: string; readonly text: string } {
  const match = /^([0-9A-Z]{5}): ?(.*)$/s.exec(message);
  return match ? { state: match[1]!, text: match[2]! } : { state: 'XX000', text: message };
}

function raise(message: string): Buffer {
  const { state, text } = read(message);
  // In hexadecimal there is nothing to quote.
  const value = `convert_from(decode('${Buffer.from(text).toString('hex')}', 'hex'), 'UTF8')`;
  const sql = `DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = ${value}, ERRCODE = '${state}'; END $$`;
  return framed('Q', Buffer.from(`${sql}\0`));
}

function errorResponse(message: string): Buffer {
  const { state, text } = read(message);
  const fields = ['SERROR', 'VERROR', `C${state}`, `M${text.replaceAll('\0', ' ')}`];
  return framed('E', Buffer.from(`${fields.join('\0')}\0\0`));
}

function framed(letter: string, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(letter, 0, 'latin1');
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}
