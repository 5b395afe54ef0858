/**
 * The requests under way, as a list through the exchanges themselves. A `Map` would do the same, but one that
 * is written twice per request keeps its outgrown tables, and the requests in them, alive until the next full
 * garbage collection; that cost a tenth of the router's time under load.
 */
import type { Exchange } from './exchange.ts';

export class UnderWay {
  #newest: Exchange | undefined;

  add(exchange: Exchange): void {
    exchange.older = this.#newest;
    if (this.#newest) this.#newest.newer = exchange;
    this.#newest = exchange;
  }

  remove(exchange: Exchange): void {
    const { older, newer } = exchange;
    if (newer) newer.older = older;
    else if (this.#newest === exchange) this.#newest = older;
    if (older) older.newer = newer;
    exchange.older = undefined;
    exchange.newer = undefined;
  }

  /** Walks the list: only asked for requests that carry an id already, which are rare. */
  find(id: string): Exchange | undefined {
    for (let exchange = this.#newest; exchange; exchange = exchange.older) {
      if (exchange.id === id) return exchange;
    }
    return undefined;
  }
}
