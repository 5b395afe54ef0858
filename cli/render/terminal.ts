/**
 * The only place that writes to the terminal. Colour is a fact of it, asked for once. Whatever part of a line came from
 * a manifest, a file's name or an app: nothing but text and colour gets out.
 */
import { harmlessLines } from '../../runtime/kernel/harmless.ts';
import { realpathSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { World } from '../context.ts';

export { harmless } from '../../runtime/kernel/harmless.ts';

export type Paint = (text: string) => string;

export interface Terminal {
  readonly colour: boolean;
  readonly width: number;
  /** A line on standard output: what was asked for. */
  out(line: string): void;
  /** A line on standard error: what went wrong, or progress. */
  err(line: string): void;
  readonly paint: Readonly<
    Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan', Paint>
  >;
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;

export function createTerminal(
  { env, stdout, stderr }: Pick<World, 'env' | 'stdout' | 'stderr'>,
  wanted?: boolean,
): Terminal {
  const colour = wanted === false ? false : decideColour(env, stdout);
  const paint = Object.fromEntries(
    Object.entries(CODES).map(([name, code]) => [
      name,
      (text: string) => (colour ? `\u001B[${code}m${text}\u001B[0m` : text),
    ]),
  ) as Terminal['paint'];
  return {
    colour,
    width: stdout.columns || 100,
    out: (line) => void stdout.write(`${harmlessLines(line, colour)}\n`),
    err: (line) => void stderr.write(`${harmlessLines(line, colour)}\n`),
    paint,
  };
}

/** The device of the terminal that standard input is, such as `/dev/pts/3`. */
export function terminalDevice(): string | undefined {
  if (!isatty(0)) return undefined;
  try {
    return realpathSync(process.platform === 'linux' ? '/proc/self/fd/0' : '/dev/fd/0');
  } catch {
    return undefined;
  }
}

/** `NO_COLOR` and `FORCE_COLOR` as their conventions say; else whether it is a terminal. */
function decideColour(env: World['env'], stdout: NodeJS.WriteStream): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return stdout.isTTY === true && env.TERM !== 'dumb';
}
