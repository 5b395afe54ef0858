/** Options as the C library reads them, in its words: that is what programs which start a memcached rely on. */

export interface OptionSpec {
  /** One letter; what it is called by in `Found`. */
  readonly letter: string;
  /** The long name, without dashes; empty is none. */
  readonly name: string;
  readonly argument: 'none' | 'required' | 'optional';
}

export interface Found {
  readonly letter: string;
  readonly value: string | undefined;
}

/** What is wrong with an argument, as the C library says it. */
export class BadArgument extends Error {}

/**
 * The options among `argv`, in order: `-v`, `-vv`, `-p 1`, `-p1`, `--port 1`, `--port=1`, `--po 1`. Other words are
 * passed over; `--` ends the options.
 * @throws BadArgument when it is reached, so that options before it have been seen
 */
export function* readOptions(argv: readonly string[], specs: readonly OptionSpec[]): Generator<Found> {
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined && word !== '--'; word = rest.shift()) {
    if (word.startsWith('--')) yield longOption(word.slice(2), rest, specs);
    else if (word.startsWith('-') && word !== '-') yield* shortOptions(word.slice(1), rest, specs);
  }
}

function* shortOptions(letters: string, rest: string[], specs: readonly OptionSpec[]): Generator<Found> {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at]!;
    const spec = specs.find((candidate) => candidate.letter === letter);
    if (!spec) throw new BadArgument(`invalid option -- '${letter}'`);
    if (spec.argument !== 'required') {
      yield { letter, value: undefined };
      continue;
    }
    const value = at + 1 < letters.length ? letters.slice(at + 1) : rest.shift();
    if (value === undefined) throw new BadArgument(`option requires an argument -- '${letter}'`);
    yield { letter, value };
    return;
  }
}

function longOption(text: string, rest: string[], specs: readonly OptionSpec[]): Found {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const spec = named(name, text, specs);
  const value = equals < 0 ? undefined : text.slice(equals + 1);
  if (spec.argument === 'none' && value !== undefined) {
    throw new BadArgument(`option '--${spec.name}' doesn't allow an argument`);
  }
  if (spec.argument !== 'required' || value !== undefined) return { letter: spec.letter, value };
  const next = rest.shift();
  if (next === undefined) throw new BadArgument(`option '--${spec.name}' requires an argument`);
  return { letter: spec.letter, value: next };
}

/** The option of that name, or the only one that begins so. */
function named(name: string, text: string, specs: readonly OptionSpec[]): OptionSpec {
  const exact = specs.find((spec) => spec.name !== '' && spec.name === name);
  if (exact) return exact;
  const [first, ...others] = specs.filter((spec) => spec.name !== '' && spec.name.startsWith(name));
  if (!first) throw new BadArgument(`unrecognized option '--${text}'`);
  if (others.length === 0) return first;
  const possible = [first, ...others].map((spec) => `'--${spec.name}'`).join(' ');
  throw new BadArgument(`option '--${text}' is ambiguous; possibilities: ${possible}`);
}
