import type { ReadOptions } from '../../options.ts';
import type { Problems } from '../../problems.ts';

/** What decoding an app needs besides the app. */
export interface DecodeContext {
  readonly problems: Problems;
  readonly options: ReadOptions;
  /** Messages begin with it: `For application 'web'`. */
  readonly owner: string;
}
