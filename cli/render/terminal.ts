/** The only place that writes to the terminal. Colour is a fact of it, asked for once. */
import type { World } from '../context.ts';

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

export function createTerminal({ env, stdout, stderr }: World, wanted?: boolean): Terminal {
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
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    paint,
  };
}

/** `NO_COLOR` and `FORCE_COLOR` as their conventions say; else whether it is a terminal. */
function decideColour(env: World['env'], stdout: NodeJS.WriteStream): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return stdout.isTTY === true && env.TERM !== 'dumb';
}

/**
 * App output is hostile: control characters that move the cursor or set the title are shown as `\xNN`.
 * Tabs and colour sequences pass (the latter only where colour is on).
 */
export function harmless(text: string, colour: boolean): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/\u001B\[[0-9;]*m|[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/g, (found) => {
    if (found.length > 1) return colour ? found : '';
    return `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
