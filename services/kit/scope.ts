/**
 * Every start declares its stop in the same breath; `close` undoes them in reverse.
 * Stands in for `AsyncDisposableStack`, which Node 20 does not have.
 */
export class Scope implements AsyncDisposable {
  readonly #undo: Array<() => unknown> = [];
  #closing: Promise<void> | undefined;

  /** Keeps a resource until the scope closes, and hands it back. */
  use<T extends Disposable | AsyncDisposable>(resource: T): T {
    this.defer(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    );
    return resource;
  }

  /** Runs `undo` when the scope closes. */
  defer(undo: () => unknown): void {
    if (this.#closing) throw new Error('Cannot add to a scope that is closing');
    this.#undo.push(undo);
  }

  /** Undoes everything in reverse order. All steps run; the first failure is thrown with the others attached. */
  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (let undo = this.#undo.pop(); undo; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'Several steps of closing failed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
