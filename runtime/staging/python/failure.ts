/** What an installer's output means, in the words of the person who has to do something about it. Pure. */

import { buildFailure, lastError, type BuildFailure } from './build-failure.ts';

export type InstallFailure =
  /** The index does not have it, or not in that version, or could not be reached. */
  | {
      readonly kind: 'package';
      readonly packages: readonly string[];
      readonly message: string;
      readonly reason: PackageReason;
    }
  /** It was found but could not be built or installed. */
  | BuildFailure
  | { readonly kind: 'other'; readonly message: string };

export type PackageReason = 'unreachable' | 'absent' | 'version' | 'offline' | 'conflict';

/** Signs that nobody answered, as pip (urllib3) and uv (reqwest) print them. */
const UNREACHABLE =
  /NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError|NameResolutionError|Max retries exceeded|Failed to fetch|error sending request|dns error|[Cc]onnection refused|timed out|Could not fetch URL|HTTP error 5\d\d|status server error|not a trusted or secure host/;

const FIRST_NAME = /([A-Za-z0-9][\w.-]*)/;

/** @param output everything the installer printed */
export function readFailure(output: string, offline: boolean): InstallFailure {
  return (
    missingPackage(output, offline) ??
    conflict(output) ??
    buildFailure(output) ?? { kind: 'other', message: lastError(output) }
  );
}

function missingPackage(output: string, offline: boolean): InstallFailure | undefined {
  const pip = all(output, /No matching distribution found for (\S[^\n]*?)(?: \(from [^\n]*)?$/gm);
  const uv = all(
    output,
    /(?:Because|because|that) ([A-Za-z0-9][\w.-]*) (?:was not found in|needs to be downloaded)/g,
  );
  const uvVersion = all(
    output,
    /there (?:is|are) no versions? of ([A-Za-z0-9][\w.-]*(?:[<>=!~]=?[\w.*,<>=!~]+)?)/g,
  );
  const uvPython = all(output, /that ([A-Za-z0-9][\w.-]*(?:==[\w.]+)?) cannot be used/g).filter(() =>
    /current Python version/.test(output),
  );
  const unreached = all(output, /Failed to fetch: `?https?:\/\/\S*?\/([^/\s`]+)\/?`?$/gm).map(distributionOf);
  const packages = unique([...pip, ...uv, ...uvVersion, ...uvPython, ...unreached]);
  if (packages.length === 0) return undefined;
  if (offline) {
    return {
      kind: 'package',
      packages,
      reason: 'offline',
      message: 'not installed here, and --offline forbids to fetch it',
    };
  }
  const silence = UNREACHABLE.exec(output);
  if (silence) {
    return {
      kind: 'package',
      packages,
      reason: 'unreachable',
      message: `the package index could not be reached (${detail(output, silence[0])})`,
    };
  }
  const versions = /\(from versions: ([^)]*)\)/.exec(output)?.[1];
  const others = versions !== undefined && versions !== 'none' ? versions.split(', ') : [];
  if (others.length > 0 || uvVersion.length + uvPython.length > 0 || isForAnotherPython(output)) {
    const newest = others.length > 0 ? `; the index has ${others.slice(-3).join(', ')}` : '';
    return {
      kind: 'package',
      packages,
      reason: 'version',
      message: `no such version for this Python${newest}`,
    };
  }
  return { kind: 'package', packages, reason: 'absent', message: 'the package index does not know it' };
}

function conflict(output: string): InstallFailure | undefined {
  const line = /(?:^ERROR: (?=Cannot install)|cause: (?=Because))([^\n]{1,300})/m.exec(output)?.[1];
  if (!line && !/ResolutionImpossible|No solution found when resolving/.test(output)) return undefined;
  return {
    kind: 'package',
    packages: [],
    reason: 'conflict',
    message: `the requirements contradict each other${line ? `: ${line}` : ''}`,
  };
}

/** A file of the index is told by its name: `Django-5.2-py3-none-any.whl`. */
const distributionOf = (name: string): string =>
  name.replace(/-\d[\w.!+]*(-.*)?\.(whl|tar\.gz|zip|metadata)$/, '');

const isForAnotherPython = (output: string): boolean =>
  /Ignored the following (?:\w+ )*versions that require a different python/.test(output);

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1]!.replace(/`$/, '').trim());

const unique = (names: readonly string[]): string[] => {
  const seen = new Map<string, string>();
  // "django" and "Django~=5.2" are one complaint: the longer says more.
  for (const name of names) {
    const key = (FIRST_NAME.exec(name)?.[1] ?? name).toLowerCase();
    const before = seen.get(key);
    if (before === undefined || name.length > before.length) seen.set(key, name);
  }
  return [...seen.values()];
};

/** The short form of why nobody answered. */
function detail(output: string, sign: string): string {
  if (
    /[Nn]ame or service not known|name resolution|NameResolutionError|dns error|lookup address/.test(output)
  )
    return 'its name does not resolve';
  if (/[Cc]onnection refused/.test(output)) return 'connection refused';
  if (/timed out|Timeout/.test(output)) return 'timed out';
  if (/ProxyError/.test(output)) return 'the proxy does not answer';
  if (/SSLError|certificate/.test(output)) return 'its certificate is not trusted';
  if (/not a trusted or secure host/.test(output))
    return 'its address begins with http:, which pip does not trust';
  return sign;
}
