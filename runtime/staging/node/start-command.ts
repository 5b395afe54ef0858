/** How a Node app is started when nobody says. Only reads. */
import type { AppManifest } from '../../manifest/types.ts';
import { shellQuote } from '../../kernel/shell-quote.ts';
import type { AppSource, DetectedCommand } from '../types.ts';
import type { PackageJson } from './package-json.ts';
import { choosePackageManager } from './package-manager.ts';

/** In Stackato's order. */
export const START_FILES = ['server.js', 'app.js', 'index.js', 'main.js'] as const;
const MODULE_FILES = START_FILES.flatMap((file) => [
  file,
  file.replace('.js', '.mjs'),
  file.replace('.js', '.cjs'),
]);

export const LOOKED_FOR = [
  'package.json scripts.start',
  'package.json main',
  START_FILES.join(', '),
] as const;

export function nodeStart(
  source: AppSource,
  manifest: AppManifest,
  pkg: PackageJson | undefined,
): DetectedCommand | undefined {
  const chosen = manifest.framework?.startFile;
  if (chosen && source.hasFile(chosen))
    return { command: `node ${shellQuote(chosen)}`, from: 'framework.start-file of the manifest' };
  const script = pkg?.scripts.start;
  if (script) return { command: startScript(source, pkg), from: 'package.json scripts.start' };
  const main = pkg?.main && [pkg.main, `${pkg.main}.js`].find((file) => source.hasFile(file));
  const file = MODULE_FILES.find((name) => source.hasFile(name));
  // `server.js` is what npm itself starts where there is no script; `main` may be the face of a library.
  if (file === 'server.js' || !main)
    return file === undefined ? undefined : { command: `node ${file}`, from: file };
  return { command: `node ${shellQuote(main)}`, from: 'package.json main' };
}

/**
 * The script itself where that is all the package manager would run: it starts a quarter of a second sooner,
 * and signals reach the app instead of a program that may not pass them on.
 */
function startScript(source: AppSource, pkg: PackageJson): string {
  const { start = '', prestart, poststart } = pkg.scripts;
  const needsManager = prestart !== undefined || poststart !== undefined || /\bnpm_/.test(start);
  return needsManager ? `${choosePackageManager(source, pkg).name} run start` : start;
}
