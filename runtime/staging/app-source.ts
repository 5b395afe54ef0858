/**
 * A read-only view of an app's folder. The folder is not trusted: a link that leads out of it reads as
 * absent, special files are never opened, and every answer is bounded.
 */
import {
  closeSync,
  constants,
  fstatSync,
  opendirSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { isAbsolute, join, sep } from 'node:path';
import type { AppSource } from './types.ts';

/** Files that matter to staging are small; a larger one is not read. */
const MAX_TEXT_BYTES = 1024 * 1024;
/** Names reported of one folder; what lies beyond does not matter to detection. */
const MAX_NAMES = 10_000;

/** Opens `root`, an absolute path. A missing folder reads as an empty one. */
export function openAppSource(root: string, origin = root): AppSource {
  const realRoot = realPath(root);

  /** The real path of `path`, if it exists and lies inside the folder. */
  function inside(path: string): string | undefined {
    if (realRoot === undefined || path.includes('\0') || isAbsolute(path)) return undefined;
    const real = realPath(join(realRoot, path));
    if (real === undefined) return undefined;
    return real === realRoot || real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep)
      ? real
      : undefined;
  }

  return {
    root,
    origin,
    hasFile(path) {
      const real = inside(path);
      return real !== undefined && kindOf(real) === 'file';
    },
    readText(path) {
      const real = inside(path);
      return real === undefined || kindOf(real) !== 'file' ? undefined : readBounded(real);
    },
    list(folder = '.') {
      const real = inside(folder);
      if (real === undefined || kindOf(real) !== 'folder') return [];
      return namesOf(real)
        .map((name) => {
          const target = inside(join(folder, name));
          return target !== undefined && kindOf(target) === 'folder' ? `${name}/` : name;
        })
        .toSorted();
    },
  };
}

/**
 * Looks at nothing twice: languages ask for the same files one after another. For detection only; who installs must see
 * what the installer has made.
 */
export function remembering(source: AppSource): AppSource {
  const once = <T>(look: (path: string) => T): ((path: string) => T) => {
    const seen = new Map<string, T>();
    return (path) => {
      if (!seen.has(path)) seen.set(path, look(path));
      return seen.get(path)!;
    };
  };
  const list = once((folder) => source.list(folder));
  return {
    root: source.root,
    origin: source.origin,
    hasFile: once((path) => source.hasFile(path)),
    readText: once((path) => source.readText(path)),
    list: (folder = '.') => list(folder),
  };
}

function realPath(path: string): string | undefined {
  try {
    // Most of what is looked for is not there, and a thrown error costs ten times the look.
    if (!statSync(path, { throwIfNoEntry: false })) return undefined;
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

function kindOf(path: string): 'file' | 'folder' | 'other' {
  try {
    const facts = statSync(path);
    return facts.isFile() ? 'file' : facts.isDirectory() ? 'folder' : 'other';
  } catch {
    return 'other';
  }
}

/** Undefined where the file cannot be read or is too large. Checked on the open file, so a swap cannot matter. */
function readBounded(path: string): string | undefined {
  let descriptor: number;
  try {
    // NONBLOCK: a named pipe put in place of the file must not hold us.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    const facts = fstatSync(descriptor);
    if (!facts.isFile() || facts.size > MAX_TEXT_BYTES) return undefined;
    const bytes = Buffer.alloc(facts.size);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, length);
      if (count === 0) break;
      length += count;
    }
    const text = bytes.toString('utf8', 0, length);
    return text.startsWith('\uFEFF') ? text.slice(1) : text;
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

function namesOf(folder: string): string[] {
  const names: string[] = [];
  try {
    const handle = opendirSync(folder);
    try {
      for (let entry = handle.readSync(); entry && names.length < MAX_NAMES; entry = handle.readSync()) {
        names.push(entry.name);
      }
    } finally {
      handle.closeSync();
    }
  } catch {
    return names;
  }
  return names;
}
