import { getSystemErrorMap } from 'node:util';

/** Where the C library has other words than Node. */
const WORDS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EINVAL: 'Invalid argument',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  ENAMETOOLONG: 'File name too long',
};

/** What `strerror` says of a system error. */
export function systemMessage(error: unknown): string {
  const { code = '', errno, message } = error as NodeJS.ErrnoException;
  if (Object.hasOwn(WORDS, code)) return WORDS[code]!;
  const [, words = message] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  return words.charAt(0).toUpperCase() + words.slice(1);
}
