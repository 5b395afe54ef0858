/** What reading either dialect needs and gives. */
import type { AbsolutePath } from '../kernel/names.ts';
import type { RandomUse, ReadOptions } from './options.ts';
import type { Problems } from './problems.ts';
import type { MapNode } from './tree.ts';
import type { AppManifest } from './types.ts';

export interface DialectContext {
  readonly problems: Problems;
  readonly options: ReadOptions;
  /** The folder we stand in for: `--path` where it is a folder, else the working folder. */
  readonly base: AbsolutePath;
  /** `--path` where it is a packed app. */
  readonly archive?: AbsolutePath;
  readonly targetBase: string;
  readonly random: (use: RandomUse) => string;
}

export interface Dialected {
  /** The root file and all it includes. */
  readonly files: readonly AbsolutePath[];
  readonly apps: readonly AppManifest[];
  /** Their texts, parsed and otherwise untouched. */
  readonly documents: readonly MapNode[];
  /** The effective manifest, as `paas-local manifest` prints it. */
  readonly effective?: MapNode;
}
