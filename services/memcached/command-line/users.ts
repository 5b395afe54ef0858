import { Authentication } from '../auth/authentication.ts';
import { MalformedPasswordFile, NoText, readAuthFile, readSaslFile } from '../auth/password-file.ts';
import { EXIT, failure } from './ending.ts';
import { systemMessage } from './system-message.ts';
import type { CommandLine } from './command-line.ts';

/** Who may log in, and how that is read again. */
export interface KnownUsers {
  readonly authentication: Authentication;
  /** Reads the password file again. One that cannot be read changes nothing. */
  reload(): void;
}

/**
 * The users of `-Y`, or of `-S`; undefined if nobody has to log in.
 * @param saslFile value of `MEMCACHED_SASL_PWDB`
 * @throws Ending
 */
export function knownUsers(
  { authFile, settings }: CommandLine,
  saslFile: string | undefined,
  say: (line: string) => void,
): KnownUsers | undefined {
  if (authFile !== undefined) return usersOfFile(authFile);
  if (!settings.sasl) return undefined;
  if (saslFile === undefined) {
    say(
      "Nobody can log in: MEMCACHED_SASL_PWDB is not set, and Cyrus's database (/etc/sasldb2) is not read here. " +
        'Write lines user:password to a file, then start with MEMCACHED_SASL_PWDB=<file>',
    );
  }
  const users = () => (saslFile === undefined ? [] : saslUsers(saslFile, say));
  return { authentication: new Authentication(users), reload: () => {} };
}

function usersOfFile(path: string): KnownUsers {
  let authentication: Authentication;
  try {
    authentication = new Authentication(readAuthFile(path), path);
  } catch (error) {
    throw failure(
      EXIT.failure,
      error instanceof MalformedPasswordFile
        ? `Authfile [${path}] has a malformed entry. Should be 'user:password'`
        : `Could not open authfile [${path}] for reading, error ${systemMessage(error)}`,
    );
  }
  return {
    authentication,
    reload() {
      try {
        authentication.replace(readAuthFile(path));
      } catch {
        // Whoever could log in still can.
      }
    },
  };
}

function saslUsers(path: string, say: (line: string) => void) {
  try {
    return readSaslFile(path);
  } catch (error) {
    say(
      error instanceof NoText
        ? `WARNING: <${path}> is no text file of lines user:password; Cyrus's database is not read here`
        : `WARNING: Failed to open sasl database <${path}>: ${systemMessage(error)}`,
    );
    return [];
  }
}
