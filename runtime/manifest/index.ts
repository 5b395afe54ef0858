/** Text → `Manifest`: find the file, parse it, recognise the dialect, read it whole, report everything at once. */
import { randomInt } from 'node:crypto';
import type { Diagnostic } from '../kernel/diagnostics.ts';
import type { AbsolutePath } from '../kernel/names.ts';
import type { Dialected, DialectContext } from './dialect.ts';
import { readCloudFoundry } from './dialects/cloud-foundry/index.ts';
import { detectDialect, type Detected } from './dialects/detect.ts';
import { readStackato } from './dialects/stackato/index.ts';
import { findManifest } from './find.ts';
import type { ReadOptions } from './options.ts';
import { parseYaml } from './parse.ts';
import { Problems } from './problems.ts';
import { readManifestFile } from './read-file.ts';
import { entryOf, get, kindName, type MapNode, type Node } from './tree.ts';
import type { Dialect, Manifest } from './types.ts';

export { isKnownType } from './dialects/stackato/services.ts';
export { wordFrom } from './random-word.ts';
export type { Ask, Overrides, Question, RandomUse, ReadOptions } from './options.ts';

export interface ManifestResult {
  /** Undefined where there are errors; warnings accompany a manifest. */
  readonly manifest?: Manifest;
  readonly diagnostics: readonly Diagnostic[];
  readonly file: AbsolutePath;
  readonly dialect: Dialect;
  readonly dialectBecause: string;
  /** The files as they were written, for `verdictsOf`. */
  readonly documents: readonly MapNode[];
  /** The effective manifest, for printing; present as far as it could be made. */
  readonly effective?: MapNode;
}

const DEFAULT_TARGET_BASE = 'localhost';

/**
 * Reads the manifest of a folder with all it inherits. Mistakes in the files are diagnostics, never thrown.
 * @throws PaasError `MANIFEST_NOT_FOUND`; `USAGE` where `--path` leads nowhere
 */
export async function readManifest(options: ReadOptions): Promise<ManifestResult> {
  const { file, base, archive } = findManifest(options);
  const problems = new Problems();
  const root = await readRoot(file, problems);
  const { dialect, because }: Detected = options.dialect
    ? { dialect: options.dialect, because: 'it was asked for with --dialect' }
    : root
      ? detectDialect(root)
      : { dialect: 'cloud-foundry', because: 'the file could not be read' };
  const result = { file, dialect, dialectBecause: because };
  if (!root) return { ...result, documents: [], diagnostics: problems.list() };

  if (dashForgotten(root, problems)) return { ...result, documents: [root], diagnostics: problems.list() };
  const context: DialectContext = {
    problems,
    options,
    base,
    ...(archive ? { archive } : {}),
    targetBase: options.targetBase ?? DEFAULT_TARGET_BASE,
    random: options.random ?? randomWord,
  };
  const read: Dialected = await (dialect === 'stackato' ? readStackato : readCloudFoundry)(
    file,
    root,
    context,
  );
  const { documents, effective } = read;
  const shown = { documents, ...(effective ? { effective } : {}) };
  if (problems.failed) return { ...result, diagnostics: problems.list(), ...shown };
  const manifest: Manifest = {
    dialect,
    dialectBecause: because,
    file,
    files: read.files,
    apps: read.apps,
  };
  return { ...result, manifest, diagnostics: problems.list(), ...shown };
}

async function readRoot(file: AbsolutePath, problems: Problems): Promise<MapNode | undefined> {
  const reading = readManifestFile(file);
  if (reading.ok) {
    const root = await parseYaml(reading.source, problems);
    if (root && root.kind !== 'map') notAMapping(root, problems);
    return root?.kind === 'map' ? root : undefined;
  }
  const code = reading.code === 'too-large' ? 'MANIFEST_TOO_LARGE' : 'MANIFEST_UNREADABLE';
  problems.error(code, reading.place, `Cannot read the manifest "${file}": ${reading.reason}`, {
    hint: reading.place ? 'Save the file as UTF-8' : undefined,
  });
  return undefined;
}

/** Keys of an app where the list of apps should be. Everything else said about them would mislead. */
function dashForgotten(root: MapNode, problems: Problems): boolean {
  const apps = get(root, 'applications');
  const name = apps?.kind === 'map' ? entryOf(apps, 'name') : undefined;
  if (apps?.kind !== 'map' || name?.value.kind !== 'scalar') return false;
  const first = apps.entries[0]?.key ?? name.key;
  problems.error('MANIFEST_TYPE', first.place, '"applications" must be a list of apps, not one app', {
    hint: `Each app begins with a dash: "- ${first.text}: …"; indent its other keys by the same two columns`,
  });
  return true;
}

function notAMapping(root: Node, problems: Problems): void {
  const empty = root.kind === 'scalar' && root.text === '';
  problems.error(
    empty ? 'MANIFEST_EMPTY' : 'MANIFEST_TYPE',
    root.place,
    empty ? 'The manifest is empty' : `The manifest must be a mapping, not ${kindName(root)}`,
    { hint: 'Write for example: applications: [{name: my-app}]' },
  );
}

/** Four or five hexadecimal digits, as the original client draws them. */
const randomWord = (): string => randomInt(0x100000).toString(16).padStart(4, '0');
