import { map, scalar, type Entry, type MapNode, type Node } from '../../tree.ts';

/** A mapping under construction. */
export class Draft {
  readonly place: MapNode['place'];
  readonly #entries: Map<string, Entry>;

  constructor(node: MapNode) {
    this.place = node.place;
    this.#entries = new Map(node.entries.map((entry) => [entry.key.text, entry]));
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  get(key: string): Node | undefined {
    return this.#entries.get(key)?.value;
  }

  take(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry;
  }

  set(key: string, value: Node): void {
    const before = this.#entries.get(key);
    this.#entries.set(key, { key: before?.key ?? scalar(key, value.place), value });
  }

  rename(from: string, to: string): void {
    const entry = this.take(from);
    if (entry) this.#entries.set(to, { key: { ...entry.key, text: to }, value: entry.value });
  }

  /** Where `winner` is present, its value becomes that of `key`. */
  prefer(winner: string, key: string): void {
    if (this.has(winner)) this.rename(winner, key);
  }

  /** Puts an entry into the `stackato` block. */
  block(entry: Entry): void {
    const block = this.get('stackato');
    const others =
      block?.kind === 'map' ? block.entries.filter(({ key }) => key.text !== entry.key.text) : [];
    this.set('stackato', map([...others, entry], block?.place ?? entry.key.place));
  }

  replaceInBlock(key: string, change: (value: Node) => Node): void {
    const block = this.get('stackato');
    if (block?.kind !== 'map') return;
    const entries = block.entries.map((entry) =>
      entry.key.text === key ? { key: entry.key, value: change(entry.value) } : entry,
    );
    this.set('stackato', map(entries, block.place));
  }

  renameInBlock(from: string, to: string): void {
    const block = this.get('stackato');
    if (block?.kind !== 'map') return;
    const inner = new Draft(block);
    inner.rename(from, to);
    this.set('stackato', inner.node());
  }

  node(): MapNode {
    return map([...this.#entries.values()], this.place);
  }
}
