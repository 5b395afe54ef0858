/** The Python version an app asks for, in the several places where it may say so. Only reads. */
import type { AppManifest } from '../../manifest/types.ts';
import type { AppSource } from '../types.ts';

export interface WantedVersion {
  readonly major: 2 | 3;
  readonly minor?: number;
  /** As shown: `3.11`. */
  readonly text: string;
  /** Who asks: `runtime.txt`. */
  readonly from: string;
}

/** The first that says anything: manifest before files, as the platform reads them. */
export function wantedVersion(source: AppSource, manifest: AppManifest): WantedVersion | undefined {
  const said: readonly (readonly [string, string | undefined])[] = [
    ['env.PYTHON_VERSION of the manifest', manifest.env.PYTHON_VERSION?.value],
    ['framework.runtime of the manifest', runtimeName(manifest.framework?.runtime)],
    ['runtime.txt', source.readText('runtime.txt')],
    ['.python-version', source.readText('.python-version')],
    [
      'Pipfile',
      /^\s*python(?:_full)?_version\s*=\s*["']([\d.]+)/m.exec(source.readText('Pipfile') ?? '')?.[1],
    ],
    ['manage.py (made for Django 1.5 or older)', pythonTwoOf(source.readText('manage.py'))],
  ];
  for (const [from, text] of said) {
    const version = text === undefined ? undefined : parseVersion(text, from);
    if (version) return version;
  }
  return undefined;
}

/** `python-3.11.4`, `python-3.11.x`, `3.11`, `3`. */
function parseVersion(text: string, from: string): WantedVersion | undefined {
  const [, major, minor] =
    /^\s*(?:c?python-?)?([23])(?:\.(\d{1,3}))?(?:\.(?:\d+|x|\*))?\s*$/im.exec(text) ?? [];
  if (major === undefined) return undefined;
  const number = Number(major) as 2 | 3;
  // "3" and "2" leave the choice; the last 2 is 2.7.
  const chosen = minor === undefined ? (number === 2 ? 7 : undefined) : Number(minor);
  return {
    major: number,
    ...(chosen === undefined ? {} : { minor: chosen }),
    text: chosen === undefined ? major : `${major}.${chosen}`,
    from,
  };
}

/** Stackato's names run the digits together: `python27`, `python32`. */
function runtimeName(runtime: string | undefined): string | undefined {
  const [, major, minor] = /^python([23])(\d{1,2})?$/i.exec(runtime ?? '') ?? [];
  return major === undefined ? undefined : `${major}${minor === undefined ? '' : `.${minor}`}`;
}

/** Django's first project layout ends in a call that Django 1.6 removed; no Django that has it runs on Python 3. */
function pythonTwoOf(managePy: string | undefined): string | undefined {
  return managePy !== undefined && /\bexecute_manager\s*\(/.test(managePy) ? '2.7' : undefined;
}
