/** How Stackato reads single values: all are text; booleans and numbers are recognised by their spelling. */
import { parseStackatoSize } from '../../../kernel/bytes.ts';
import type { ScalarReader } from '../../check.ts';
import type { ScalarNode } from '../../tree.ts';

const TRUE = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const FALSE = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);

/** `processes.web: ~` and its spellings: there is no web process. */
export const isNullCommand = (text: string): boolean => ['', '~', 'null', 'Null', 'NULL'].includes(text);

/** `buildpack: null` and the like: as if the key were not there. */
export const isNullWord = (text: string): boolean => text === '' || text === 'null';

export function readBoolean(text: string): boolean | undefined {
  return TRUE.has(text) ? true : FALSE.has(text) ? false : undefined;
}

/** A symbol in a value stands for text that is not known yet. */
const unresolved = (node: ScalarNode): boolean => node.text.includes('${');

export const stackatoReader: ScalarReader = {
  text: (node) => node.text,
  integer: (node) =>
    unresolved(node) ? 1 : /^[+-]?\d{1,9}$/.test(node.text.trim()) ? Number(node.text) : undefined,
  number: (node) =>
    unresolved(node)
      ? 1
      : /^[+-]?\d{1,9}(?:\.\d+)?%?$/.test(node.text.trim())
        ? Number.parseFloat(node.text)
        : undefined,
  boolean: (node) => (unresolved(node) ? true : readBoolean(node.text)),
  size: (node) => (unresolved(node) ? 0 : parseStackatoSize(node.text)),
  isNull: (node) => node.plain && node.text === '',
  keyName: (written) => written,
};
