/** An app is a folder of its own. The whole file system is not one: it would be watched, and searched for a language. */
import { dirname } from 'node:path';
import type { Problems } from './problems.ts';
import type { Place } from './source.ts';
import type { AppManifest } from './types.ts';

export function refuseRoot({ name, root }: AppManifest, problems: Problems, place?: Place): void {
  if (dirname(root) !== root) return;
  problems.error('MANIFEST_FOLDER', place, `The folder of app "${name}" is the root of the file system`, {
    hint: 'Name the folder of the app, relative to that of the manifest',
  });
}
