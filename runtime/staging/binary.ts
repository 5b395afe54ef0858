/** Anything: a program of its own, or an app whose manifest says how to start it. Installs nothing. */
import type { Buildpack } from './types.ts';

/** What would have told of a language. */
const LANGUAGES =
  'signs of a language: package.json, requirements.txt, pyproject.toml, Gemfile, composer.json, index.php, go.mod, pom.xml, build.gradle, a .jar, Staticfile, index.html';

export const binary: Buildpack = {
  name: 'binary',
  aliases: ['generic', 'standalone'],
  recognise: () => 'nothing of a known language found',
  inspect: () => ({ commands: {}, lookedFor: [LANGUAGES], requirementFiles: [], notes: [] }),
  install: () => Promise.resolve({ skipped: true, fingerprint: 'binary', path: [], env: {} }),
};
