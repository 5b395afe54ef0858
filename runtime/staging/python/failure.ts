/** What an installer's output means, in the words of the person who has to do something about it. Pure. */

export type InstallFailure =
  /** The index does not have it, or not in that version, or could not be reached. */
  | {
      readonly kind: 'package';
      readonly packages: readonly string[];
      readonly message: string;
      readonly reason: PackageReason;
    }
  /** It was found but could not be built or installed. */
  | {
      readonly kind: 'build';
      readonly packages: readonly string[];
      readonly message: string;
      readonly hint?: string;
    }
  | { readonly kind: 'other'; readonly message: string };

export type PackageReason = 'unreachable' | 'absent' | 'version' | 'offline' | 'conflict';

/** Signs that nobody answered, as pip (urllib3) and uv (reqwest) print them. */
const UNREACHABLE =
  /NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError|NameResolutionError|Max retries exceeded|Failed to fetch|error sending request|dns error|[Cc]onnection refused|timed out|Could not fetch URL|HTTP error 5\d\d|status server error/;

const FIRST_NAME = /([A-Za-z0-9][\w.-]*)/;

/** @param output everything the installer printed */
export function readFailure(output: string, offline: boolean): InstallFailure {
  return (
    missingPackage(output, offline) ??
    conflict(output) ??
    failedBuild(output) ?? { kind: 'other', message: lastError(output) }
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
  const unreached = all(output, /Failed to fetch: `[^`]*\/simple\/([\w.-]+)\/?`/g);
  const packages = unique([...pip, ...uv, ...uvVersion, ...unreached]);
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
  if (others.length > 0 || uvVersion.length > 0 || /Ignored the following (?:\w+ )*versions/.test(output)) {
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
  const line = /^ERROR: (Cannot install [^\n]*conflicting dependencies[^\n]*)/m.exec(output)?.[1];
  if (!line && !/ResolutionImpossible|No solution found when resolving/.test(output)) return undefined;
  return {
    kind: 'package',
    packages: [],
    reason: 'conflict',
    message: line ?? 'the requirements contradict each other',
  };
}

/** System packages whose absence makes a well-known package fail to build, as Debian calls them. */
const BUILD_NEEDS: readonly (readonly [RegExp, string])[] = [
  [/pg_config/, 'libpq-dev, or ask for psycopg2-binary instead'],
  [/mysql_config|mysqlclient/, 'default-libmysqlclient-dev pkg-config'],
  [/Python\.h/, 'python3-dev'],
  [
    /(?:gcc|cc|clang)['"]? failed: No such file|command '[^']*(?:gcc|cc)' failed: No such file|unable to find.*compiler/,
    'build-essential',
  ],
  [/ffi\.h/, 'libffi-dev'],
  [/libxml\/|libxslt|xmlversion\.h/, 'libxml2-dev libxslt1-dev'],
  [/jpeglib|headers or library files could not be found for jpeg/, 'libjpeg-dev zlib1g-dev'],
  [/curl-config/, 'libcurl4-openssl-dev libssl-dev'],
  [/cargo|rustc/i, 'cargo'],
];

function failedBuild(output: string): InstallFailure | undefined {
  const packages = unique([
    ...all(output, /(?:Failed building wheel for|Failed to build(?: `)?) ?([A-Za-z0-9][\w.-]*)/g),
    ...all(output, /Failed to download and build `([A-Za-z0-9][\w.-]*)/g),
  ]).filter((name) => name !== 'installable');
  if (packages.length === 0 && !/subprocess-exited-with-error|metadata-generation-failed/.test(output))
    return undefined;
  const need = BUILD_NEEDS.find(([sign]) => sign.test(output))?.[1];
  return {
    kind: 'build',
    packages,
    message: `${packages.join(', ') || 'a package'} could not be built: ${lastError(output)}`,
    ...(need
      ? { hint: `It is built from source here and needs system packages; on Debian or Ubuntu: ${need}` }
      : {}),
  };
}

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

/** The last line that calls itself an error, else the last line. */
function lastError(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const errors = lines.filter(
    (line) => /^(?:ERROR|error|fatal|E)\b[: ]/.test(line) || /^\w*Error: /.test(line),
  );
  return (errors.at(-1) ?? lines.at(-1) ?? 'no output').replace(/^(?:ERROR|error): /, '').slice(0, 300);
}

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
  return sign;
}
