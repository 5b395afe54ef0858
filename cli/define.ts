/** How a command is declared: its signature and options now, its action loaded when it is run. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CommonOptions, Context } from './context.ts';

export type Action<Options extends CommonOptions> = (
  context: Context,
  args: string[],
  options: Options,
) => Promise<number>;

/** Declares one command. Actions import their own file, so that `--help` loads none. */
export type Define = <Options extends CommonOptions>(
  signature: string,
  description: string,
  action: Action<Options>,
  /** Not shown in the help, and not completed. */
  how?: { readonly hidden: boolean },
) => Command;

/** A part of the command tree: declares its commands in the order the help shows them. */
export interface Group {
  readonly title: string;
  declare(define: Define): void;
}

/** Collects an option that may be given several times; its default is `[]`. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

/** `--strategy`, of commands that replace what runs. */
export const strategy = () =>
  new Option(
    '--strategy <strategy>',
    'rolling: replace instances one after another, without losing a request',
  ).argParser((text): 'rolling' => {
    if (text === 'rolling') return text;
    throw new InvalidArgumentError(text === 'canary' ? NO_CANARY : 'Allowed choices are rolling.');
  });

const NO_CANARY =
  'An app runs from its folder, so a canary and the older instances could not be told apart. Use rolling: it stops at ' +
  'the first instance that fails, and leaves the others as they are.';

export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It must be a time such as 10s, 500ms or 2m.');
}

/** `10s`, `500ms`, `2m`, or seconds. @returns milliseconds, from 1 to a day */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  const ms = match
    ? Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[(match[2] ?? 's') as 'ms' | 's' | 'm']
    : 0;
  return ms >= 1 && ms <= MAX_DURATION_MS ? ms : undefined;
}

/** A day. */
const MAX_DURATION_MS = 24 * 60 * 60_000;

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}
