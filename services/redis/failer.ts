/** Commands of Redis that are answered with an error. */
import { Pieces, type Failer, type Taken } from '../kit/failer.ts';

/** Part of connecting, which is not what is to fail. */
const CONNECTING = new Set(['AUTH', 'CLIENT', 'HELLO', 'QUIT', 'SELECT']);
/** No client writes more digits than this. */
const MAX_LINE_BYTES = 32;
/** Of a command without a star, as Redis has it. */
const MAX_INLINE_BYTES = 64 * 1024;
const STAR = '*'.charCodeAt(0);

export class RedisFailer implements Failer {
  readonly #pieces = new Pieces();

  get inside(): boolean {
    return this.#pieces.unfinished;
  }

  take(chunk: Buffer, next: () => string | undefined): Taken | undefined {
    const commands = this.#pieces.split(chunk, commandLength);
    if (!commands) return undefined;
    const toEngine: Buffer[] = [];
    const toClient: Buffer[] = [];
    for (const command of commands) {
      const verb = verbOf(command);
      // Nothing is answered to a command without a word, so none of them can be answered wrongly.
      const message = verb === '' || CONNECTING.has(verb) ? undefined : next();
      if (message === undefined) toEngine.push(command);
      else toClient.push(Buffer.from(`-${errorOf(message)}\r\n`));
    }
    return { toEngine, toClient };
  }
}

/** One that begins with a code of its own, as `OOM` or `READONLY`, keeps it. */
function errorOf(message: string): string {
  const line = message.replaceAll(/[\r\n]+/g, ' ');
  return /^[A-Z]{3,} /.test(line) ? line : `ERR ${line}`;
}

/** `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`, or `GET k\r\n` as it is typed by hand. */
function commandLength(bytes: Buffer): number | 'incomplete' | undefined {
  if (bytes[0] !== STAR) return inlineLength(bytes);
  let at = 0;
  const number = (mark: string): number | 'incomplete' | undefined => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0 && bytes.length - at <= MAX_LINE_BYTES) return 'incomplete';
    const match = new RegExp(`^\\${mark}(\\d{1,10})$`).exec(bytes.toString('latin1', at, Math.max(at, end)));
    at = end + 2;
    return match ? Number(match[1]) : undefined;
  };
  const words = number('*');
  if (typeof words !== 'number') return words;
  for (let word = 0; word < words; word++) {
    const length = number('$');
    if (typeof length !== 'number') return length;
    at += length + 2;
    if (at > bytes.length) return 'incomplete';
  }
  return at;
}

/** No word of a person begins with a control character, but TLS does. */
function inlineLength(bytes: Buffer): number | 'incomplete' | undefined {
  if (!/^[\s\x20-\xff]/.test(bytes.toString('latin1', 0, 1))) return undefined;
  const end = bytes.indexOf('\n');
  if (end >= 0) return end < MAX_INLINE_BYTES ? end + 1 : undefined;
  return bytes.length < MAX_INLINE_BYTES ? 'incomplete' : undefined;
}

function verbOf(command: Buffer): string {
  const start = command.toString('latin1', 0, 64);
  if (command[0] === STAR) return (start.split('\r\n')[2] ?? '').toUpperCase();
  return (/^[\s"']*([^\s"']+)/.exec(start)?.[1] ?? '').toUpperCase();
}
