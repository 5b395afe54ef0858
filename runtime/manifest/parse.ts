/**
 * YAML text → tree. Both dialects are read with the failsafe schema (every scalar is text); Cloud Foundry's scalar
 * types are given later, by `dialects/cloud-foundry/scalars.ts`. `yaml` is imported here and in `print.ts` only, and
 * only when a manifest is really read.
 */
import { lazily } from '../../services/kit/lazily.ts';
import type * as Yaml from 'yaml';
import type { CST, Document } from 'yaml';
import { MAX_DEPTH, MAX_LEXEMES } from './limits.ts';
import type { Problems } from './problems.ts';
import type { SourceText } from './source.ts';
import { tooDeep, toTree } from './to-tree.ts';
import type { Node } from './tree.ts';

const loadYaml = lazily(() => import('yaml'));

/** Undefined where the text is unusable; then `problems` says why. An empty document is an empty scalar. */
export async function parseYaml(source: SourceText, problems: Problems): Promise<Node | undefined> {
  const before = problems.errors;
  checkCharacters(source, problems);
  if (problems.errors > before) return undefined;

  const yaml = await loadYaml();
  const tokens = tokensOf(yaml, source, problems);
  if (!tokens) return undefined;
  const composer = new yaml.Composer({
    schema: 'failsafe',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const documents = composer.compose(tokens, true, source.text.length);
  const document = documents.next().value as Document.Parsed;
  for (const error of document.errors) {
    const [found, end] = error.pos;
    const brackets = NEVER_CLOSED.test(error.message) ? openBrackets(tokens) : [];
    for (const { offset, source: bracket } of brackets) {
      const closing = bracket === '[' ? ']' : '}';
      problems.error(
        'MANIFEST_YAML',
        { source, start: offset, end: offset + 1 },
        `This "${bracket}" is never closed`,
        {
          hint: `Write "${closing}" where the ${bracket === '[' ? 'list' : 'mapping'} ends; lines inside are indented more than the key it belongs to`,
          related: {
            message: 'Noticed here',
            place: { source, start: found, end: Math.max(end, found + 1) },
          },
        },
      );
    }
    if (brackets.length > 0) continue;
    // An open quote is noticed at the end of the file; where it begins is what helps.
    const start = error.message.startsWith('Missing closing') ? (openQuote(tokens, found) ?? found) : found;
    problems.error('MANIFEST_YAML', { source, start, end }, yamlSentence(error.code, error.message), {
      hint: start === found ? YAML_HINTS.get(error.code) : undefined,
    });
  }
  if (problems.errors > before) return undefined;
  const second = documents.next().value as Document.Parsed | undefined;
  if (second?.contents && second.range[0] < second.range[1]) {
    const start = second.contents.range[0];
    problems.warning(
      'MANIFEST_YAML',
      { source, start, end: start + 1 },
      'Only the first document of the file is read; this one is ignored',
    );
  }
  return toTree(document.contents, { yaml, source, problems });
}

/** Control characters that YAML does not allow anywhere, and halves of surrogate pairs. */
const FORBIDDEN =
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function checkCharacters(source: SourceText, problems: Problems): void {
  for (const match of source.text.matchAll(FORBIDDEN)) {
    const code = match[0].charCodeAt(0);
    const name =
      code === 0
        ? 'a NUL byte'
        : `the control character U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    problems.error(
      'MANIFEST_CHARACTERS',
      { source, start: match.index, end: match.index + 1 },
      `Cannot read the manifest: it holds ${name}`,
      { hint: 'Is this a text file? YAML allows no control characters but tab and line ends' },
    );
    return;
  }
}

/** Undefined where a bound is passed: looked for here, because composing nodes from tokens is recursive and costs more. */
function tokensOf(
  { Lexer, Parser }: typeof Yaml,
  source: SourceText,
  problems: Problems,
): CST.Token[] | undefined {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(source.text)) {
    const start = parser.offset;
    for (const token of parser.next(lexeme)) tokens.push(token);
    // The document and the scalar at hand are on the stack too.
    if (parser.stack.length > MAX_DEPTH + 2) {
      tooDeep(problems, { source, start, end: start + 1 });
      return undefined;
    }
    if (++lexemes > MAX_LEXEMES) {
      problems.error(
        'MANIFEST_TOO_LARGE',
        { source, start, end: start + 1 },
        `Cannot read the manifest: it holds more than ${MAX_LEXEMES} words and signs`,
      );
      return undefined;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/** Where the quoted text begins that reaches up to `end`. Needs no stack of its own kind: the tree may be deep. */
function openQuote(tokens: readonly object[], end: number): number | undefined {
  const waiting = [...tokens];
  for (let token = waiting.pop(); token; token = waiting.pop()) {
    if (
      'source' in token &&
      'offset' in token &&
      typeof token.source === 'string' &&
      /^["']/.test(token.source)
    ) {
      const offset = Number(token.offset);
      if (offset + token.source.length >= end) return offset;
    }
    waiting.push(...childrenOf(token));
  }
  return undefined;
}

const NEVER_CLOSED = /must .*end with a [\]}]/;

/** Brackets without a counterpart, outermost first. */
function openBrackets(tokens: readonly object[]): readonly { offset: number; source: string }[] {
  const open: { offset: number; source: string }[] = [];
  const waiting = [...tokens];
  for (let token = waiting.pop(); token; token = waiting.pop()) {
    const { type, start, end } = token as Partial<CST.FlowCollection>;
    if (
      type === 'flow-collection' &&
      start &&
      !end?.some((one) => one.type === 'flow-map-end' || one.type === 'flow-seq-end')
    )
      open.push({ offset: start.offset, source: start.source });
    waiting.push(...childrenOf(token));
  }
  return open.toSorted((a, b) => a.offset - b.offset).slice(-MAX_BRACKETS);
}

const MAX_BRACKETS = 3;

const childrenOf = (token: object): readonly object[] =>
  Object.values(token)
    .flat()
    .filter((child): child is object => typeof child === 'object' && child !== null);

/** Our sentence for what the parser found; its own where we have no better one. */
function yamlSentence(code: string, message: string): string {
  if (message.startsWith('Missing closing')) return 'This quote is never closed';
  return YAML_SENTENCES.get(code) ?? message.replace(/\s+$/, '');
}

const YAML_SENTENCES: ReadonlyMap<string, string> = new Map([
  ['BAD_INDENT', 'The indentation does not fit the lines above'],
  ['TAB_AS_INDENT', 'A tab is used to indent; YAML allows only spaces'],
  ['MISSING_CHAR', 'Something is missing here: a colon, a comma, a space, or a closing quote or bracket'],
  ['BLOCK_AS_IMPLICIT_KEY', 'A mapping cannot begin in the middle of a value'],
  ['MULTILINE_IMPLICIT_KEY', 'A key must stand on one line'],
  ['BAD_ALIAS', 'The alias has no valid name'],
]);

const YAML_HINTS: ReadonlyMap<string, string> = new Map([
  ['TAB_AS_INDENT', 'Replace the tab with spaces'],
  ['BAD_INDENT', 'Keys of one mapping begin in the same column'],
  ['MISSING_CHAR', 'Text that holds ": " or begins with one of @ ` % & * ! | > { [ needs quotes'],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    'Text that holds ": " needs quotes; keys of one mapping begin in the same column',
  ],
  ['BAD_ALIAS', 'A pattern of file names needs quotes: "*"'],
  ['BAD_SCALAR_START', 'Put the value in quotes'],
]);
