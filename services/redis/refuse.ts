/** What Redis would answer if every command of a request failed. Pure. */

/** Undefined for what is no whole sequence of commands. */
export function refuse(request: Buffer, message: string): Buffer | undefined {
  const count = commandsIn(request.toString('latin1'));
  if (count === undefined) return undefined;
  return Buffer.from(`-ERR ${message.replaceAll(/[\r\n]+/g, ' ')}\r\n`.repeat(count));
}

/** `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n` is one. */
function commandsIn(text: string): number | undefined {
  let at = 0;
  let count = 0;
  const number = (mark: string): number | undefined => {
    const end = text.indexOf('\r\n', at);
    if (text[at] !== mark || end < 0) return undefined;
    const value = Number(text.slice(at + 1, end));
    at = end + 2;
    return Number.isInteger(value) && value >= 0 ? value : undefined;
  };
  while (at < text.length) {
    const words = number('*');
    if (words === undefined) return undefined;
    for (let word = 0; word < words; word++) {
      const length = number('$');
      if (length === undefined || at + length + 2 > text.length) return undefined;
      at += length + 2;
    }
    count += 1;
  }
  return count;
}
