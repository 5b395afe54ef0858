/** What is begun, or left, for services that are likely to start soon: see `ServiceType.prepare`. Let go after a while. */
import type { ServiceType } from '../../services/kit/contract.ts';
import type { SpaceRecord } from '../state/record.ts';

/** A push that was announced is there by then, and an app that was stopped to be pushed again, too. */
const KEPT_MS = 10_000;

export class Prepared implements AsyncDisposable {
  readonly #kept = new Map<string, { readonly timer: NodeJS.Timeout; readonly begun: AsyncDisposable }>();
  readonly #going = new Set<Promise<void>>();
  readonly #keptMs: number;

  constructor(keptMs = KEPT_MS) {
    this.#keptMs = keptMs;
  }

  /** From now on for a while, or longer where it is kept already. */
  keep(type: ServiceType): void {
    if (!type.prepare) return;
    const kept = this.#kept.get(type.type);
    if (kept) {
      kept.timer.refresh();
      return;
    }
    const timer = setTimeout(() => this.#letGo(type.type), this.#keptMs).unref();
    this.#kept.set(type.type, { timer, begun: type.prepare() });
  }

  #letGo(type: string): void {
    const { timer, begun } = this.#kept.get(type)!;
    this.#kept.delete(type);
    clearTimeout(timer);
    const going = this.#end(begun).finally(() => this.#going.delete(going));
    this.#going.add(going);
  }

  async #end(begun: AsyncDisposable): Promise<void> {
    await begun[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const type of this.#kept.keys()) this.#letGo(type);
    await Promise.all(this.#going);
  }
}

/** What a push of any app is likely to start: what this space has; in one without apps it can be everything. */
export function likelyTypes(
  types: readonly ServiceType[],
  record: SpaceRecord | undefined,
): readonly ServiceType[] {
  if (record === undefined || Object.keys(record.apps).length === 0) return types;
  const used = new Set(Object.values(record.services).map(({ plan }) => plan.type));
  return types.filter(({ type }) => used.has(type));
}
