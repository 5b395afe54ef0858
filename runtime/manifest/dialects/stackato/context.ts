import type { AbsolutePath } from '../../../kernel/names.ts';
import type { ReadOptions } from '../../options.ts';
import type { Problems } from '../../problems.ts';

export interface KnownTypes {
  readonly names: ReadonlySet<string>;
  /** All types there are; otherwise an unknown one is left to whoever starts services. */
  readonly complete: boolean;
}

/** What decoding an app needs besides the app. */
export interface DecodeContext {
  /** The root manifest. */
  readonly file: AbsolutePath;
  /** Name of the app. */
  readonly app: string;
  readonly problems: Problems;
  readonly options: ReadOptions;
  readonly types: KnownTypes;
}

/** What bringing a file into normal form needs besides the file. */
export interface NormaliseContext {
  readonly problems: Problems;
  readonly types: KnownTypes;
}
