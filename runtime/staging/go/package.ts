/** Which package of a Go app is its program, and what that is called. Only reads. */
import { basename } from 'node:path';
import type { AppManifest } from '../../manifest/types.ts';
import type { AppSource } from '../types.ts';

/**
 * `.` or `./cmd/web`: what Cloud Foundry's variable says, else the top where that is a package main, else the only
 * one in cmd/, else the one there that is called web or server.
 */
export function goPackage(source: AppSource, manifest: AppManifest): string | undefined {
  const chosen = manifest.env.GO_INSTALL_PACKAGE_SPEC?.value;
  if (chosen && /^\.?[\w./-]*$/.test(chosen)) return chosen.startsWith('.') ? chosen : `./${chosen}`;
  if (isMain(source, '.')) return '.';
  const commands = source.list('cmd').filter((name) => name.endsWith('/') && isMain(source, `cmd/${name}`));
  const folder =
    commands.length === 1 ? commands[0] : commands.find((name) => ['web/', 'server/'].includes(name));
  return folder && `./cmd/${folder.slice(0, -1)}`;
}

function isMain(source: AppSource, folder: string): boolean {
  const prefix = folder === '.' ? '' : folder.replace(/\/?$/, '/');
  return source
    .list(folder)
    .some(
      (name) =>
        name.endsWith('.go') &&
        !name.endsWith('_test.go') &&
        /^package main\b/m.test(source.readText(prefix + name) ?? ''),
    );
}

/** As `go install` names it: after the folder, or for the top after the module. A Procfile calls it so. */
export function programName(source: AppSource, target: string): string {
  const module = /^module\s+"?([^\s"]+)/m.exec(source.readText('go.mod') ?? '')?.[1];
  const path = target === '.' ? (module ?? source.root) : target;
  const name = basename(path.replace(/\/v\d+$/, ''));
  return /^[\w][\w.-]*$/.test(name) ? name : 'app';
}
