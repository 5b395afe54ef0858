import type { Session } from './protocol/session.ts';

/** The numbers below belong to listeners and to whatever else a server has open. */
const FIRST_NUMBER = 16;

/** The open connections, each with the small number by which statistics and logs name it. */
export class Connections {
  readonly #byNumber: Array<Session | undefined> = [];
  size = 0;
  /** Bytes kept for all of them, because a request is not complete or has to wait. */
  keptBytes = 0;

  /** Gives the session the lowest free number. */
  add(session: Session): void {
    const free = this.#byNumber.indexOf(undefined);
    const at = free < 0 ? this.#byNumber.length : free;
    this.#byNumber[at] = session;
    session.number = FIRST_NUMBER + at;
    this.size++;
  }

  remove(session: Session): void {
    const at = session.number - FIRST_NUMBER;
    if (this.#byNumber[at] !== session) return;
    this.#byNumber[at] = undefined;
    this.size--;
    while (this.#byNumber.length > 0 && this.#byNumber.at(-1) === undefined) this.#byNumber.pop();
  }

  /** In the order of their numbers. */
  *[Symbol.iterator](): Generator<Session> {
    for (const session of this.#byNumber) if (session) yield session;
  }
}
