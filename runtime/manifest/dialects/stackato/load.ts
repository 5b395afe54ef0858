/** A file and all it inherits → one tree in normal form. The including file wins; of several inherited the first. */
import { realpathSync } from 'node:fs';
import { dirname, extname, relative, resolve } from 'node:path';
import { absolutePath, type AbsolutePath } from '../../../kernel/names.ts';
import { checkRecord, type Checking } from '../../check.ts';
import { MAX_INCLUDED_BYTES, MAX_INCLUSIONS } from '../../limits.ts';
import { deepMerge } from '../../merge.ts';
import { parseYaml } from '../../parse.ts';
import { readManifestFile } from '../../read-file.ts';
import { entryOf, get, isEmptyScalar, map, type MapNode, type Node, type ScalarNode } from '../../tree.ts';
import { FILE } from './keys.ts';
import type { NormaliseContext } from './context.ts';
import { normaliseFile } from './normalise.ts';
import { stackatoReader } from './reader.ts';
import { symbolNamesIn } from './symbols.ts';

export interface Loaded {
  readonly tree: MapNode;
  /** The root file first. */
  readonly files: readonly AbsolutePath[];
  readonly documents: readonly MapNode[];
  /** Whether a symbol of this name is used in any of the files. */
  readonly isSymbol: (name: string) => boolean;
}

/** `root` is the parsed root file. Undefined where the file is not a mapping. */
export async function loadStackato(
  file: AbsolutePath,
  root: Node,
  context: NormaliseContext,
): Promise<Loaded | undefined> {
  const loader = new Loader(file, context);
  const tree = await loader.expand(file, root, [identity(file)]);
  let symbols: ReadonlySet<string> | undefined;
  const isSymbol = (name: string): boolean => (symbols ??= symbolNamesIn(loader.documents)).has(name);
  for (const { key, report } of loader.unknown) if (!isSymbol(key.text)) report();
  return tree && { tree, files: loader.files, documents: loader.documents, isSymbol };
}

/** The same file by another name or link is the same file. */
function identity(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

class Loader {
  readonly files: AbsolutePath[];
  readonly documents: MapNode[] = [];
  /** Keys that mean something only if a symbol uses them, here or in a file that is read later. */
  readonly unknown: { readonly key: ScalarNode; readonly report: () => void }[] = [];
  readonly #folder: string;
  readonly #context: NormaliseContext;
  #inclusions = 0;
  #characters = 0;

  constructor(rootFile: AbsolutePath, context: NormaliseContext) {
    this.files = [rootFile];
    this.#folder = dirname(rootFile);
    this.#context = context;
  }

  /** `chain` holds the identities of the files that are being included, outermost first. */
  async expand(file: string, root: Node, chain: readonly string[]): Promise<MapNode | undefined> {
    const { problems } = this.#context;
    if (isEmptyScalar(root)) return map([], root.place);
    const checking: Checking = {
      reader: stackatoReader,
      problems,
      owner: '',
      unknownKey: (key, report) => this.unknown.push({ key, report }),
    };
    checkRecord(root, FILE, checking);
    if (root.kind !== 'map') return undefined;
    this.documents.push(root);
    let tree = normaliseFile(root, this.#context);
    const inherit = get(tree, 'inherit');
    if (!inherit) return tree;
    tree = map(
      tree.entries.filter(({ key }) => key.text !== 'inherit'),
      tree.place,
    );
    for (const name of namesIn(inherit)) {
      const inherited = await this.#include(name, file, chain);
      if (inherited) tree = deepMerge(tree, inherited);
    }
    return tree;
  }

  async #include(name: ScalarNode, from: string, chain: readonly string[]): Promise<MapNode | undefined> {
    const { problems } = this.#context;
    const refuse = (reason: string, hint?: string): undefined => {
      problems.error('MANIFEST_INHERIT', name.place, `Cannot inherit from "${name.text}": ${reason}`, {
        hint,
      });
      return undefined;
    };
    if (name.text.includes('\0')) return refuse('its name holds a NUL byte');
    const file = absolutePath(resolve(dirname(from), name.text));
    if (relative(this.#folder, file).startsWith('..') && !['.yml', '.yaml'].includes(extname(file))) {
      // Whatever is read may be quoted in a message, so a manifest must not point us at any file of the user's.
      return refuse('it is outside the folder of the manifest and no .yml file');
    }
    if (++this.#inclusions > MAX_INCLUSIONS)
      return refuse(`files are included more than ${MAX_INCLUSIONS} times`);
    const id = identity(file);
    if (chain.includes(id)) {
      const circle = [...chain.slice(chain.indexOf(id)), id].map((one) => relative(this.#folder, one) || one);
      return refuse('the files inherit from each other in a circle', circle.join(' → '));
    }
    const reading = readManifestFile(file);
    if (!reading.ok) return refuse(reading.reason, `Looked for "${file}"`);
    this.#characters += reading.source.text.length;
    if (this.#characters > MAX_INCLUDED_BYTES) return refuse('all files together are too large');
    if (!this.files.includes(file)) this.files.push(file);
    const root = await parseYaml(reading.source, problems);
    if (!root) return undefined;
    return this.expand(file, root, [...chain, id]);
  }
}

function namesIn(inherit: Node): readonly ScalarNode[] {
  const items = inherit.kind === 'list' ? inherit.items : [inherit];
  return items.filter((item): item is ScalarNode => item.kind === 'scalar' && item.text !== '');
}

/** The apps of a tree in normal form, by name. */
export function appsIn(tree: MapNode): readonly { readonly key: ScalarNode; readonly app: MapNode }[] {
  const apps = entryOf(tree, 'applications')?.value;
  if (apps?.kind !== 'map') return [];
  return apps.entries.flatMap(({ key, value }) => (value.kind === 'map' ? [{ key, app: value }] : []));
}
