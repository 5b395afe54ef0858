/** Mails that are not taken, for now: whoever sends them may try again later. */
import { Pieces, type Failer, type Taken } from '../kit/failer.ts';

const MAX_LINE_BYTES = 1024 * 1024;

export class SmtpFailer implements Failer {
  readonly #pieces = new Pieces();
  /** Lines of a mail follow, up to the one with a dot. */
  #data = false;

  get inside(): boolean {
    return this.#data || this.#pieces.unfinished;
  }

  take(chunk: Buffer, next: () => string | undefined): Taken | undefined {
    const lines = this.#pieces.split(chunk, lineLength);
    if (!lines) return undefined;
    const toEngine: Buffer[] = [];
    const toClient: Buffer[] = [];
    for (const line of lines) {
      const text = line.toString('latin1').trimEnd();
      const message = !this.#data && /^mail from:/i.test(text) ? next() : undefined;
      if (this.#data) this.#data = text !== '.';
      else this.#data = /^data$/i.test(text);
      if (message === undefined) toEngine.push(line);
      else toClient.push(Buffer.from(`451 ${message.replaceAll(/[\r\n]+/g, ' ')}\r\n`));
    }
    return { toEngine, toClient };
  }
}

function lineLength(bytes: Buffer): number | 'incomplete' | undefined {
  const end = bytes.indexOf('\n');
  if (end >= 0) return end + 1;
  return bytes.length > MAX_LINE_BYTES ? undefined : 'incomplete';
}
