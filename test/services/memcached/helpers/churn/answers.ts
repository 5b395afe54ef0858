/** Answers of any of the three protocols, whole, in one shape. */

/** `end` ends values or rows, which are lines of a dump or of statistics; every other answer is a `status`. */
export type Answer =
  | { readonly type: 'value'; readonly key: string; readonly value: Buffer; readonly opaque: number }
  | { readonly type: 'miss'; readonly opaque: number }
  | { readonly type: 'end' }
  | { readonly type: 'row' }
  | { readonly type: 'status'; readonly text: string };

export type Protocol = 'text' | 'meta' | 'binary';

const LF = 0x0a;
const BINARY_HEADER_BYTES = 24;
const NO_OPAQUE = -1;
const LINE_SHOWN = 200;

/** Takes what was received, in any pieces, and gives the answers that are complete. */
export class AnswerReader {
  readonly #protocol: Protocol;
  #pieces: Buffer[] = [];
  #length = 0;
  /** Less than so much is not worth looking at. */
  #wanted = 1;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  /** Bytes of an answer that is not complete. */
  get left(): number {
    return this.#length;
  }

  /** @throws Error if it is no answer of this protocol */
  take(bytes: Buffer): Answer[] {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    if (this.#length < this.#wanted) return [];
    const all = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces);
    const answers: Answer[] = [];
    let at = 0;
    this.#wanted = 1;
    while (at < all.length) {
      const next =
        this.#protocol === 'binary' ? this.#packet(all, at, answers) : this.#line(all, at, answers);
      if (next === at) break;
      at = next;
    }
    const rest = all.subarray(at);
    this.#pieces = [rest];
    this.#length = rest.length;
    return answers;
  }

  #line(all: Buffer, at: number, answers: Answer[]): number {
    const end = all.indexOf(LF, at);
    if (end < 0) {
      if (all.length - at > LINE_SHOWN) throw notAnAnswer(all, at);
      return at;
    }
    const text = all.toString('latin1', at, end - 1);
    const words = text.split(' ');
    const next = end + 1;
    if (words[0] === 'VALUE')
      return this.#value(all, at, next, words[1]!, Number(words[3]), NO_OPAQUE, answers);
    if (words[0] === 'VA') {
      const key = words.find((word) => word.startsWith('k'))?.slice(1) ?? '';
      return this.#value(all, at, next, key, Number(words[1]), opaqueOf(words), answers);
    }
    if (words[0] === 'EN') answers.push({ type: 'miss', opaque: opaqueOf(words) });
    else if (text === 'END' || text === 'MN') answers.push({ type: 'end' });
    else if (/^(key=|STAT |ITEM )/.test(text)) answers.push({ type: 'row' });
    else if (/^[A-Z_]+(:? [ -~]+)?$/.test(text)) answers.push({ type: 'status', text });
    else throw notAnAnswer(all, at);
    return next;
  }

  #value(
    all: Buffer,
    at: number,
    from: number,
    key: string,
    bytes: number,
    opaque: number,
    answers: Answer[],
  ): number {
    if (!Number.isInteger(bytes)) throw notAnAnswer(all, at);
    const to = from + bytes;
    if (all.length < to + 2) {
      this.#wanted = to + 2 - at;
      return at;
    }
    if (all.toString('latin1', to, to + 2) !== '\r\n')
      throw new Error(`${key}: no line end behind ${bytes} bytes`);
    answers.push({ type: 'value', key, value: all.subarray(from, to), opaque });
    return to + 2;
  }

  #packet(all: Buffer, at: number, answers: Answer[]): number {
    if (all[at] !== 0x81) throw notAnAnswer(all, at);
    if (all.length < at + BINARY_HEADER_BYTES) return at;
    const to = at + BINARY_HEADER_BYTES + all.readUInt32BE(at + 8);
    if (all.length < to) {
      this.#wanted = to - at;
      return at;
    }
    const opcode = all[at + 1]!;
    const status = all.readUInt16BE(at + 6);
    const opaque = all.readUInt32BE(at + 12);
    const keyAt = at + BINARY_HEADER_BYTES + all[at + 4]!;
    const valueAt = keyAt + all.readUInt16BE(at + 2);
    const isGet = [0x00, 0x09, 0x0c, 0x0d, 0x1d, 0x23, 0x24].includes(opcode);
    if (isGet && status === 0) {
      answers.push({
        type: 'value',
        key: all.toString('latin1', keyAt, valueAt),
        value: all.subarray(valueAt, to),
        opaque,
      });
    } else if (isGet && status === 1) answers.push({ type: 'miss', opaque });
    else if (opcode === 0x0a) answers.push({ type: 'end' });
    else answers.push({ type: 'status', text: BINARY_STATUS[status] ?? `status ${status}` });
    return to;
  }
}

/** In the words of the text protocol. */
const BINARY_STATUS: Readonly<Record<number, string>> = {
  0: 'OK',
  1: 'NOT_FOUND',
  2: 'NOT_STORED',
  3: 'SERVER_ERROR object too large for cache',
  5: 'NOT_STORED',
  0x82: 'SERVER_ERROR out of memory storing object',
};

function opaqueOf(words: readonly string[]): number {
  return Number(words.find((word) => word.startsWith('O'))?.slice(1) ?? NO_OPAQUE);
}

function notAnAnswer(all: Buffer, at: number): Error {
  return new Error(`No answer, but ${JSON.stringify(all.toString('latin1', at, at + LINE_SHOWN))}`);
}
