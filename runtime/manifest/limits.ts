/** A manifest is untrusted text. These bounds keep the time and memory of reading one finite. */

/** Cloud Foundry's API refuses larger ones; the largest real manifest we know has 40 KiB. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** Words and signs of one file: what the time to parse it depends on. A 5,000-line manifest has 40,000. */
export const MAX_LEXEMES = 250_000;
/** Collections inside collections, after aliases are followed. */
export const MAX_DEPTH = 60;
/** Values of one file after aliases and merge keys are expanded: what an "alias bomb" grows without end. */
export const MAX_VALUES = 250_000;
/** Apps of one manifest. */
export const MAX_APPS = 1000;
/** Inclusions while one manifest is read; a file included twice counts twice. */
export const MAX_INCLUSIONS = 50;
/** Bytes of all included files together. */
export const MAX_INCLUDED_BYTES = 4 * 1024 * 1024;
/** Symbols that lead to symbols. */
export const MAX_SYMBOL_DEPTH = 50;
/** Characters of one value after `${…}` or `((…))` are replaced. */
export const MAX_VALUE_LENGTH = 256 * 1024;
/** Replacements, and characters made by them, in a whole manifest. */
export const MAX_REPLACEMENTS = 100_000;
export const MAX_REPLACED_CHARACTERS = 16 * 1024 * 1024;
/** Mistakes shown; a broken file of thousands of lines has thousands. */
export const MAX_DIAGNOSTICS = 50;
/** Mistakes kept to choose from; the others are only counted. */
export const MAX_RECORDED = 200;
