import { createHash, timingSafeEqual } from 'node:crypto';

/** Names and passwords; replaced as a whole when a password file is read again. */
export class Authentication {
  /** The password file it came from, as given; undefined if it came from elsewhere. */
  readonly file: string | undefined;
  #users: ReadonlyMap<string, string>;

  constructor(users: Iterable<readonly [user: string, password: string]>, file?: string) {
    this.#users = new Map(users);
    this.file = file;
  }

  replace(users: Iterable<readonly [user: string, password: string]>): void {
    this.#users = new Map(users);
  }

  /** Whether this is a known user's password. Takes the same time for a wrong name as for a wrong password. */
  check(user: string, password: string): boolean {
    const expected = this.#users.get(user);
    const same = timingSafeEqual(digest(password), digest(expected ?? ''));
    return same && expected !== undefined;
  }
}

/** Equal lengths for the comparison, whatever the password's. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'latin1').digest();
}
