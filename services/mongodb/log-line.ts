interface Said {
  readonly s?: unknown;
  readonly c?: unknown;
  readonly msg?: unknown;
  readonly attr?: unknown;
}

/** Debug and information: every connection is among it. */
const CHATTER = /^[ID]/;

/**
 * A line of the server's log in words: it writes JSON from 4.4 on. Undefined for what nobody wants to read, such as the
 * frames of a stack.
 */
export function readableLine(line: string): string | undefined {
  if (!line.startsWith('{')) return line;
  let said: Said;
  try {
    said = JSON.parse(line) as Said;
  } catch {
    return line;
  }
  const { s: severity, c: component, msg: text, attr } = said;
  if (typeof severity !== 'string' || typeof text !== 'string') return line;
  if (CHATTER.test(severity)) return undefined;
  return `${severity} ${String(component)}: ${text}${attr === undefined ? '' : ` ${JSON.stringify(attr)}`}`;
}
