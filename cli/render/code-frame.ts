/** A diagnostic as text: what is wrong, where, the line with a squiggle, what to do, and the other place that matters. */
import { relative } from 'node:path';
import type { Diagnostic, Span } from '../../runtime/kernel/diagnostics.ts';

export interface FrameOptions {
  readonly colour?: boolean;
  /** File names are shown relative to this folder where that is shorter. */
  readonly relativeTo?: string;
  /** Columns of the terminal; long lines are cut around the squiggle. */
  readonly width?: number;
}

type Paint = (text: string) => string;
interface Paints {
  readonly severity: Paint;
  readonly place: Paint;
  readonly strong: Paint;
  readonly dim: Paint;
}

const DEFAULT_WIDTH = 100;
/** Columns of a line number and its bar. */
const GUTTER = 5;
const MIN_SOURCE_WIDTH = 20;
/** Characters shown left of the squiggle when a line is cut. */
const CONTEXT_BEFORE = 20;
const CUT = '…';
const TAB = '  ';

export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: FrameOptions = {}): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, options)).join('\n\n');
}

export function renderDiagnostic(diagnostic: Diagnostic, options: FrameOptions = {}): string {
  const paints = paintsFor(diagnostic.severity, options.colour ?? false);
  const place = diagnostic.span ? `${paints.place(placeText(diagnostic.span, options))}: ` : '';
  const lines = [
    `${place}${paints.severity(diagnostic.severity)}: ${paints.strong(oneLine(diagnostic.message))} ${paints.dim(`[${diagnostic.code}]`)}`,
  ];
  if (diagnostic.span) lines.push(...frame(diagnostic.span, '^', paints.severity, paints, options));
  if (diagnostic.hint) {
    lines.push(...diagnostic.hint.split('\n').map((line) => `${' '.repeat(GUTTER + 2)}${oneLine(line)}`));
  }
  if (diagnostic.related) {
    const { message, span } = diagnostic.related;
    lines.push(`  ${paints.place(placeText(span, options))}: ${oneLine(message)}`);
    lines.push(...frame(span, '-', paints.place, paints, options));
  }
  return lines.join('\n');
}

function placeText({ file, line, column }: Span, { relativeTo }: FrameOptions): string {
  const shorter = relativeTo === undefined ? file : relative(relativeTo, file);
  const name = shorter.length < file.length && shorter !== '' ? shorter : file;
  return oneLine(`${name}:${line}:${column}`);
}

function frame(span: Span, mark: string, paint: Paint, { dim }: Paints, { width }: FrameOptions): string[] {
  const room = Math.max(MIN_SOURCE_WIDTH, (width ?? DEFAULT_WIDTH) - GUTTER - 3);
  const before = span.source.slice(0, span.column - 1);
  const marked = span.source.slice(span.column - 1, span.column - 1 + span.length);
  const after = span.source.slice(span.column - 1 + span.length);
  const left = cutLeft(visible(before), visible(marked), visible(after), room);
  const source = cutRight(left + visible(marked) + visible(after), room);
  const squiggle = mark.repeat(Math.max(1, Math.min(columns(visible(marked)), room - columns(left))));
  const number = String(span.line).padStart(GUTTER);
  return [
    `${dim(`${number} |`)} ${source}`,
    `${dim(`${' '.repeat(GUTTER)} |`)} ${' '.repeat(columns(left))}${paint(squiggle)}`,
  ].map((line) => line.trimEnd());
}

/** What stands before the mark, cut only where the whole line has no room. */
function cutLeft(before: string, marked: string, after: string, room: number): string {
  if (columns(before + marked + after) <= room || columns(before) <= CONTEXT_BEFORE) return before;
  const spare = Math.max(CONTEXT_BEFORE, room - columns(marked) - CONTEXT_BEFORE);
  return columns(before) <= spare ? before : CUT + before.slice(before.length - spare + 1);
}

function cutRight(text: string, room: number): string {
  return columns(text) <= room ? text : text.slice(0, room - 1) + CUT;
}

/** Escapes and other control characters of a manifest must not reach the terminal; tabs get a fixed width. */
function visible(text: string): string {
  return (
    text
      .replaceAll('\t', TAB)
      // oxlint-disable-next-line no-control-regex -- control characters are what this is about
      .replace(/[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
  );
}

const oneLine = (text: string): string => visible(text.replace(/\s*\n\s*/g, ' '));

/** Columns a text takes: wide East Asian characters and emoji take two, combining marks none. */
function columns(text: string): number {
  let sum = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}|\u200d|\ufe0f/u.test(character)) continue;
    sum +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return sum;
}

function paintsFor(severity: Diagnostic['severity'], colour: boolean): Paints {
  const paint = (code: string): Paint =>
    colour ? (text) => `\u001B[${code}m${text}\u001B[0m` : (text) => text;
  return {
    severity: paint(severity === 'error' ? '31' : '33'),
    place: paint('36'),
    strong: paint('1'),
    dim: paint('2'),
  };
}
