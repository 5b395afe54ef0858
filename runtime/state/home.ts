/** Where everything lives. Never in the app's folder, never in TMPDIR: both are cleaned by others. */
import { createHash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import { absolutePath, type AbsolutePath } from '../kernel/names.ts';

/** `$PAAS_LOCAL_HOME`, else `$XDG_STATE_HOME/paas-local`, else `~/.local/state/paas-local`. */
export function stateHome(env: Readonly<Record<string, string | undefined>>, cwd: string): AbsolutePath {
  if (env.PAAS_LOCAL_HOME) return absolutePath(env.PAAS_LOCAL_HOME, cwd);
  if (env.XDG_STATE_HOME) return absolutePath(join(env.XDG_STATE_HOME, 'paas-local'), cwd);
  return absolutePath(join(env.HOME || homedir(), '.local/state/paas-local'), cwd);
}

/** For what `CodeCache` keeps. */
export function codeFolder(home: AbsolutePath): AbsolutePath {
  return absolutePath('cache/code', home);
}

/** Folder names of one space. Nothing here touches the disk. */
export interface SpacePaths {
  readonly name: string;
  readonly home: AbsolutePath;
  readonly root: AbsolutePath;
  readonly record: AbsolutePath;
  readonly lock: AbsolutePath;
  readonly hostLog: AbsolutePath;
  readonly runs: AbsolutePath;
  readonly logs: AbsolutePath;
  readonly services: AbsolutePath;
  readonly apps: AbsolutePath;
  /** Shared by all spaces of the home: virtual environments, package caches. */
  readonly cache: AbsolutePath;
}

const SPACE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;

/** @throws PaasError `SPACE_NAME_INVALID` */
export function spacePaths(home: AbsolutePath, name: string): SpacePaths {
  if (!SPACE_NAME.test(name)) throw new PaasError('SPACE_NAME_INVALID', { space: name });
  const root = absolutePath(`spaces/${name}`, home);
  return {
    name,
    home,
    root,
    record: absolutePath('record.json', root),
    lock: absolutePath('host.lock', root),
    hostLog: absolutePath('host.log', root),
    runs: absolutePath('run', root),
    logs: absolutePath('logs', root),
    services: absolutePath('services', root),
    apps: absolutePath('apps', root),
    cache: absolutePath('cache', home),
  };
}

/**
 * The name of a file or folder for an app or service. Names are the manifest's, so hostile: one that is more than
 * letters, digits, `.`, `_` and `-` is cut down to those and told apart by a hash.
 */
export function fileNameFor(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return `${name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 40)}~${hash}`;
}

/** An app and a service may have the same name; their logs are two, and the app's events a third. */
export function logFile(paths: SpacePaths, kind: 'app' | 'service' | 'events', name: string): AbsolutePath {
  const file = fileNameFor(name);
  return absolutePath(kind === 'app' ? `${file}.log` : `~${kind}.${file}.log`, paths.logs);
}

/**
 * Makes the folders of a space, private to the user.
 * @throws PaasError `STATE_NOT_WRITABLE`
 */
export function makeSpace(paths: SpacePaths): void {
  for (const folder of [paths.root, paths.runs, paths.logs, paths.services, paths.apps, paths.cache]) {
    makePrivateFolder(folder);
  }
}

export function makePrivateFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw new PaasError('STATE_NOT_WRITABLE', { folder, reason: systemReason(error) }, { cause: error });
  }
}

/** `recursive: true` tries for ever where nothing can be made, as under /proc. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolder(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
  }
}

/** `permission denied (EACCES)` rather than Node's whole sentence with the path in it once more. */
export function systemReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space left on the device',
    ENOTDIR: 'a part of the path is not a folder',
    ENOENT: 'no such file or folder',
    EISDIR: 'it is a folder',
    EDQUOT: 'disk quota exceeded',
  };
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  return known[code] === undefined ? code : `${known[code]} (${code})`;
}
