import type { ReadOptions } from '../../options.ts';
import type { Problems } from '../../problems.ts';
import type { KnownTypes } from './services.ts';

/** What decoding an app needs besides the app. */
export interface DecodeContext {
  readonly problems: Problems;
  readonly options: ReadOptions;
  readonly types: KnownTypes;
}
