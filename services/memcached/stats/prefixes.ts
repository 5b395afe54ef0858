/** Distinct prefixes counted; more of them are not, so that keys cannot fill the memory. */
const PREFIXES_MAX = 10_000;

interface PrefixCounts {
  get: number;
  hit: number;
  set: number;
  del: number;
}

/** `stats detail`: counts per key prefix, the part before the first delimiter. */
export class PrefixStats {
  enabled: boolean;
  readonly #delimiter: number;
  readonly #counts = new Map<string, PrefixCounts>();

  constructor(delimiter: string, enabled: boolean) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.enabled = enabled;
  }

  get(bytes: Buffer, at: number, length: number, hit: boolean): void {
    const counts = this.#find(bytes, at, length);
    if (!counts) return;
    counts.get++;
    if (hit) counts.hit++;
  }

  set(bytes: Buffer, at: number, length: number): void {
    const counts = this.#find(bytes, at, length);
    if (counts) counts.set++;
  }

  delete(bytes: Buffer, at: number, length: number): void {
    const counts = this.#find(bytes, at, length);
    if (counts) counts.del++;
  }

  clear(): void {
    this.#counts.clear();
  }

  dump(): string {
    let text = '';
    for (const [prefix, { get, hit, set, del }] of this.#counts) {
      text += `PREFIX ${prefix} get ${get} hit ${hit} set ${set} del ${del}\r\n`;
    }
    return `${text}END\r\n`;
  }

  #find(bytes: Buffer, at: number, length: number): PrefixCounts | undefined {
    const end = bytes.subarray(at, at + length).indexOf(this.#delimiter);
    if (end < 0) return undefined;
    const prefix = bytes.subarray(at, at + end).toString('latin1');
    let counts = this.#counts.get(prefix);
    if (!counts && this.#counts.size < PREFIXES_MAX) {
      counts = { get: 0, hit: 0, set: 0, del: 0 };
      this.#counts.set(prefix, counts);
    }
    return counts;
  }
}
