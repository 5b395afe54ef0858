import { readFileSync } from 'node:fs';

/** A line of a password file has no colon. */
export class MalformedPasswordFile extends Error {}

/** A password file holds bytes that no text has: it is a database, such as Cyrus's. */
export class NoText extends Error {}

/**
 * The users of a file as memcached's `-Y` takes it: `user:password` on each line.
 * @throws MalformedPasswordFile, or the system's error
 */
export function readAuthFile(path: string): ReadonlyArray<readonly [user: string, password: string]> {
  return lines(path).map((line) => {
    const colon = line.indexOf(':');
    if (colon < 0) throw new MalformedPasswordFile();
    return [line.slice(0, colon), line.slice(colon + 1)] as const;
  });
}

/**
 * The users of a file as memcached's `MEMCACHED_SASL_PWDB` names it: `user:password`, after which more may follow
 * behind another colon. The first line of a user counts.
 * @throws NoText, or the system's error
 */
export function readSaslFile(path: string): ReadonlyArray<readonly [user: string, password: string]> {
  const users = new Map<string, string>();
  for (const line of lines(path)) {
    if (line.includes('\0')) throw new NoText();
    const colon = line.indexOf(':');
    const user = line.slice(0, colon);
    if (colon > 0 && !users.has(user)) users.set(user, line.slice(colon + 1));
  }
  return [...users].flatMap(([user, rest]) => beginnings(rest).map((password) => [user, password] as const));
}

/** A password may contain colons, or end before any of them. */
function beginnings(rest: string): string[] {
  const parts = rest.split(':');
  return parts.map((_, at) => parts.slice(0, at + 1).join(':'));
}

function lines(path: string): string[] {
  const all = readFileSync(path, 'latin1').split(/\r?\n/);
  if (all.at(-1) === '') all.pop();
  return all;
}
