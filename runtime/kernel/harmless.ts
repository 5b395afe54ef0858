/**
 * Text of strangers (an app's output, names in a manifest, names of files) on its way to a terminal: control
 * characters, which move the cursor, set the title or type for the user, are shown as `\xNN`, and from U+007F on as
 * `\u00NN`, which means the same character where the text is JSON. Tabs pass; colour sequences pass where colour is on.
 */

// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const IN_A_LINE = /\u001B\[[0-9;]*m|[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/g;
// oxlint-disable-next-line no-control-regex -- as above, but for the end of a line
const IN_A_TEXT = /\u001B\[[0-9;]*m|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;
const RESET = '\u001B[0m';

/** One line of a stranger's. Its colours end with it. */
export function harmless(text: string, colour: boolean): string {
  const shown = text.replace(IN_A_LINE, (found) => replaced(found, colour));
  return colour && shown.includes('\u001B') && !shown.endsWith(RESET) ? shown + RESET : shown;
}

/** Lines of ours that strangers' words are a part of. */
export function harmlessLines(text: string, colour: boolean): string {
  return text.replace(IN_A_TEXT, (found) => replaced(found, colour));
}

function replaced(found: string, colour: boolean): string {
  if (found.length > 1) return colour ? found : '';
  const code = found.charCodeAt(0);
  return code < 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u00${code.toString(16)}`;
}
