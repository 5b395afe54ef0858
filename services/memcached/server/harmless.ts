/** What clients send may be meant for the terminal. */
export function harmless(text: string): string {
  return text
    .trimEnd()
    .replaceAll(/[^\x20-\x7e]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
