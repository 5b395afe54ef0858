/** Anything: a program of its own, or an app whose manifest says how to start it. Installs nothing. */
import type { Buildpack } from './types.ts';

export const binary: Buildpack = {
  name: 'binary',
  aliases: ['generic', 'standalone'],
  recognise: () => 'nothing of a known language found',
  inspect: () => ({ commands: {}, lookedFor: [], requirementFiles: [], notes: [] }),
  install: () => Promise.resolve({ skipped: true, fingerprint: 'binary', path: [], env: {} }),
};
