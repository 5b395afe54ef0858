import { userInfo } from 'node:os';
import { EXIT, failure } from './ending.ts';

/**
 * Gives up root's rights for a user's. Whoever is not root stays who they are, as with memcached.
 * @throws Ending for an unknown user
 */
export function becomeUser(user: string | undefined, say: (line: string) => void): void {
  if (process.getuid?.() !== 0) return;
  if (user === undefined || user === '') {
    // memcached refuses. Here it is mostly a container, which has no other user.
    say('running as root: name a user with -u to give up its rights');
    return;
  }
  const { uid, gid } = identityOf(user);
  try {
    process.setgroups!([]);
  } catch {
    // Without the right to do so there are no groups to give up.
  }
  try {
    process.setgid!(gid);
    process.setuid!(uid);
  } catch {
    throw failure(EXIT.osError, `failed to assume identity of user ${user}`);
  }
}

/** Asked of the system by being that user for a moment: Node looks up none but the current one. */
function identityOf(user: string): { readonly uid: number; readonly gid: number } {
  try {
    process.seteuid!(user);
  } catch {
    throw failure(EXIT.noUser, `can't find the user ${user} to switch to`);
  }
  try {
    return userInfo();
  } finally {
    process.seteuid!(0);
  }
}
