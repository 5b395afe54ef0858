import type { Store } from '../../store/store.ts';

/** Words looked at in one line; what follows the last is not. */
export const WORDS_MAX = 23;
const SPACE = 0x20;
const ZERO = 0x30;
/** Numbers of so many digits fit everywhere. */
const PLAIN_DIGITS = 9;
const NOREPLY = Buffer.from('noreply');

/** A request line cut at its spaces. One instance is reused for every line. */
export class Line {
  /** Where the line begins and ends, its line end not counted. */
  start = 0;
  stop = 0;
  /** Where the next request or the value begins, and where the received bytes end. */
  next = 0;
  end = 0;
  count = 0;
  /** Position and length of each word. */
  readonly at = new Int32Array(WORDS_MAX);
  readonly length = new Int32Array(WORDS_MAX);
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Notes where a line lies whose words somebody else looks at. */
  place(start: number, stop: number, next: number, end: number): void {
    this.start = start;
    this.stop = stop;
    this.next = next;
    this.end = end;
  }

  cut(start: number, stop: number, next = stop, end = stop): void {
    const { bytes } = this.#store.arena;
    this.place(start, stop, next, end);
    let count = 0;
    let at = start;
    while (count < WORDS_MAX) {
      while (at < stop && bytes[at] === SPACE) at++;
      if (at === stop) break;
      const from = at;
      while (at < stop && bytes[at] !== SPACE) at++;
      this.at[count] = from;
      this.length[count++] = at - from;
    }
    this.count = count;
  }

  word(index: number): string {
    const at = this.at[index]!;
    return this.#store.arena.text(at, at + this.length[index]!);
  }

  /** Whether the word is this one. */
  is(index: number, word: Uint8Array): boolean {
    if (this.length[index] !== word.length) return false;
    const { bytes } = this.#store.arena;
    const from = this.at[index]!;
    for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word[i]) return false;
    return true;
  }

  /** The word as a number if it is a few digits and nothing else, as nearly all are; no text is made of it. */
  digits(index: number): number | undefined {
    const length = this.length[index]!;
    if (length === 0 || length > PLAIN_DIGITS) return undefined;
    const { bytes } = this.#store.arena;
    const from = this.at[index]!;
    let value = 0;
    for (let at = from; at < from + length; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return undefined;
      value = value * 10 + digit;
    }
    return value;
  }

  /** The words from `index` on. */
  words(index: number): string[] {
    const words: string[] = [];
    for (let i = index; i < this.count; i++) words.push(this.word(i));
    return words;
  }

  /** Whether the last word asks for silence. */
  get noreply(): boolean {
    const last = this.count - 1;
    return last >= 0 && this.is(last, NOREPLY);
  }
}
