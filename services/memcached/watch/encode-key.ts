const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/** How each byte of a key appears in logs and dumps: as itself, or as %XX. */
const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

export function encodeKey(bytes: Uint8Array, at: number, length: number): string {
  let text = '';
  for (let i = at; i < at + length; i++) text += ENCODED[bytes[i]!]!;
  return text;
}
