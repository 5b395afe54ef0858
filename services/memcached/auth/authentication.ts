import { createHash, timingSafeEqual } from 'node:crypto';

type Users = Iterable<readonly [user: string, password: string]>;

/** Names and passwords. */
export class Authentication {
  /** The password file it came from, as given; undefined if it came from elsewhere. */
  readonly file: string | undefined;
  #users: () => Users;

  /** @param users what is known; a function is asked at each login */
  constructor(users: Users | (() => Users), file?: string) {
    this.#users = typeof users === 'function' ? users : () => users;
    this.file = file;
  }

  replace(users: Users): void {
    this.#users = () => users;
  }

  /** Whether this is a known user's password. Takes the same time for a wrong name as for a wrong password. */
  check(user: string, password: string): boolean {
    const given = digest(user, password);
    let known = false;
    for (const entry of this.#users()) known = timingSafeEqual(given, digest(...entry)) || known;
    return known;
  }
}

/** Equal lengths for the comparison, whatever the password's. */
function digest(user: string, password: string): Buffer {
  return createHash('sha256').update(`${user}\0${password}`, 'latin1').digest();
}
