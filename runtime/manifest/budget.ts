/** What replacing symbols and variables may cost in a whole manifest: a few lines can ask for gigabytes. */
import { MAX_REPLACED_CHARACTERS, MAX_REPLACEMENTS } from './limits.ts';

export class Budget {
  #replacements = 0;
  #characters = 0;

  /** False when this replacement is one too many. */
  allows(text: string): boolean {
    this.#replacements++;
    this.#characters += text.length;
    return this.#replacements <= MAX_REPLACEMENTS && this.#characters <= MAX_REPLACED_CHARACTERS;
  }
}
