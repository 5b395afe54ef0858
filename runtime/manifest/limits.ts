/** A manifest is untrusted text. These bounds keep the time and memory of reading one finite. */

/** Cloud Foundry's API refuses larger ones; the largest real manifest we know has 40 KiB. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** Collections inside collections, after aliases are followed. */
export const MAX_DEPTH = 60;
/** Values of one file after aliases and merge keys are expanded: what an "alias bomb" grows without end. */
export const MAX_VALUES = 250_000;
/** Files that one manifest may inherit, directly or not. */
export const MAX_INHERITED_FILES = 50;
/** Characters of one value after `${…}` or `((…))` are replaced. */
export const MAX_VALUE_LENGTH = 256 * 1024;
/** Values of all symbols looked up while one manifest is resolved. */
export const MAX_SUBSTITUTIONS = 200_000;
/** Mistakes shown; a broken file of thousands of lines has thousands. */
export const MAX_DIAGNOSTICS = 50;
