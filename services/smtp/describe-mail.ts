/** A mail in one line: who, to whom, about what. */

const ENCODED_WORD = /=\?([\w-]+)\?([bq])\?([^?]*)\?=/gi;

/** @param mail with its headers, as it was kept */
export function describeMail(mail: Buffer): string {
  const text = mail.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  // A line that begins with a blank goes on with the one before.
  const head = text.slice(0, end).replaceAll(/\r?\n[ \t]+/g, ' ');
  const header = (name: string): string =>
    Buffer.from(new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '', 'latin1').toString();
  const from = header('From') || header('X-Envelope-From');
  const to = header('X-Envelope-To') || header('To');
  return `${decodeWords(from)} → ${to}: ${decodeWords(header('Subject')) || '(no subject)'}`;
}

/** `=?utf-8?B?w6k=?=` → `é`. What cannot be decoded stays as it is. */
function decodeWords(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(ENCODED_WORD, (word, charset: string, encoding: string, data: string) => {
      const bytes =
        encoding.toLowerCase() === 'b'
          ? Buffer.from(data, 'base64')
          : Buffer.from(
              data
                .replaceAll('_', ' ')
                .replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) =>
                  String.fromCharCode(Number.parseInt(hex, 16)),
                ),
              'latin1',
            );
      try {
        return new TextDecoder(charset).decode(bytes);
      } catch {
        return word;
      }
    });
}
