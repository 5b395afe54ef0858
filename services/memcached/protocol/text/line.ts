import type { Store } from '../../store/store.ts';

/** Words looked at in one line; what follows stays part of the last one. */
const WORDS_MAX = 24;
const SPACE = 0x20;

/** A request line cut at its spaces. One instance is reused for every line. */
export class Line {
  count = 0;
  readonly at = new Int32Array(WORDS_MAX);
  readonly length = new Int32Array(WORDS_MAX);
  /** Where the line ends, its line end not counted. */
  stop = 0;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  cut(start: number, stop: number): void {
    const { bytes } = this.#store.arena;
    let count = 0;
    let at = start;
    this.stop = stop;
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
    return this.#store.arena.bytes.toString('latin1', at, at + this.length[index]!);
  }

  /** The words from `index` on. */
  words(index: number): string[] {
    const words: string[] = [];
    for (let i = index; i < this.count; i++) words.push(this.word(i));
    return words;
  }

  /** Whether the last word asks for silence. */
  get noreply(): boolean {
    return this.count > 0 && this.length[this.count - 1] === 7 && this.word(this.count - 1) === 'noreply';
  }
}
