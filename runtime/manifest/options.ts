/** What a caller may choose about reading a manifest. */
import type { AbsolutePath } from '../kernel/names.ts';
import type { Dialect } from './types.ts';

export interface ReadOptions {
  readonly cwd: AbsolutePath;
  /** `--path`: the folder to look in, or the app's folder or archive where the manifest is found elsewhere. */
  readonly path?: string;
  /** `--manifest`, `-f`: a file, or a folder that holds one. */
  readonly manifest?: string;
  /** Only these apps; the others are read but not returned. */
  readonly appNames?: readonly string[];
  /** `--dialect`: do not look at the content. */
  readonly dialect?: Dialect;
  /** `--var NAME=VALUE` (the value is YAML), for `((NAME))`. */
  readonly vars?: readonly string[];
  /** `--vars-file`, later ones win. */
  readonly varsFiles?: readonly string[];
  /** `--env NAME=VALUE`. */
  readonly envOverrides?: readonly string[];
  /** The variables of the shell, for `inherit: yes`. */
  readonly shellEnv?: Readonly<Record<string, string | undefined>>;
  readonly overrides?: Overrides;
  /** Asks the user, or remembers what the user said; absent where neither is possible. */
  readonly ask?: Ask;
  /** Draws a word for `${random-word}`: 4 or 5 hexadecimal digits. Given the same use, a caller may give the same word. */
  readonly random?: (use: RandomUse) => string;
  /** The domain of default routes, `localhost` unless given. */
  readonly targetBase?: string;
  /** All service types there are, to recognise a misspelt one at once; otherwise left to the plan. */
  readonly serviceTypes?: readonly string[];
  /** Apps that ask for a Docker image are not refused: nothing of what is read will be run. */
  readonly acceptImages?: boolean;
}

/** Undefined where nobody answers. */
export type Ask = (prompt: string, details: Question) => Promise<string | undefined>;

export interface Question {
  /** The manifest that asks. */
  readonly file: AbsolutePath;
  /** What is asked for, in that manifest: the same question has the same key every time. */
  readonly key: string;
  readonly hidden?: boolean;
  /** Nothing is no answer. */
  readonly required?: boolean;
  readonly choices?: readonly string[];
}

/** One value in which `${random-word}` stands. */
export interface RandomUse {
  readonly app: string;
  /** The value as it was written. */
  readonly text: string;
  /** How many values of the app before it were written just so. */
  readonly nth: number;
}

/** Flags that take the place of what one app's manifest says. */
export interface Overrides {
  /** `--as`: another name for the app. */
  readonly name?: string;
  readonly instances?: number;
  /** Sizes as the dialect writes them. */
  readonly memory?: string;
  readonly disk?: string;
  readonly command?: string;
  readonly buildpack?: string;
  readonly stack?: string;
  /** Seconds to become healthy. */
  readonly timeout?: number;
  /** Replaces all URLs; empty means none. */
  readonly urls?: readonly string[];
  readonly healthCheckType?: string;
  /** Path a health check of type http asks for. */
  readonly endpoint?: string;
}
