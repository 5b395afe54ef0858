/** A distribution that was found but could not be built here, as pip and uv report it. Pure. */

export interface BuildFailure {
  readonly kind: 'build';
  readonly packages: readonly string[];
  readonly message: string;
  readonly hint?: string;
}

/** Signs of a cause, with the way out. The first that is found counts. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /No module named '?(?:ConfigParser|urllib2|StringIO|Queue|__builtin__)|Missing parentheses in call to 'print'|use_2to3 is invalid/,
    'It is written for Python 2, or for long-gone tools: ask for a newer version, or for its successor',
  ],
  [/pg_config/, systemPackages('libpq-dev; or ask for psycopg2-binary instead')],
  [
    /mysql_config|mysqlclient\.pc|Can not find valid pkg-config name/,
    systemPackages('default-libmysqlclient-dev pkg-config'),
  ],
  [/Python\.h/, systemPackages('python3-dev')],
  [
    /command '?[^'\n]*(?:gcc|cc|clang)'? failed: No such file|unable to find .*compiler/i,
    systemPackages('build-essential'),
  ],
  [/ffi\.h/, systemPackages('libffi-dev')],
  [/libxml\/|libxslt|xmlversion\.h/, systemPackages('libxml2-dev libxslt1-dev')],
  [
    /jpeglib|could not be found for jpeg|RequiredDependencyException/,
    systemPackages('libjpeg-dev zlib1g-dev'),
  ],
  [/curl-config/, systemPackages('libcurl4-openssl-dev libssl-dev')],
  [/\bcargo\b|\brustc\b/, systemPackages('cargo')],
];

function systemPackages(names: string): string {
  return `It is built from source here and needs packages of the system; on Debian or Ubuntu: ${names}`;
}

/** Undefined where nothing was built. */
export function buildFailure(output: string): BuildFailure | undefined {
  const named = [
    ...output.matchAll(
      /(?:Failed building wheel for|Failed to (?:download and )?build) `?([A-Za-z0-9][\w.-]*(?:==[\w.]+)?)/g,
    ),
  ]
    .map((match) => match[1]!)
    .filter((name) => name !== 'installable');
  if (named.length === 0 && !/subprocess-exited-with-error|metadata-generation-failed/.test(output))
    return undefined;
  // pip does not always say what it was building: it was the last it took up.
  const last = [...output.matchAll(/^\s*Collecting (\S+)/gm)].at(-1)?.[1];
  const packages = named.length > 0 ? [...new Set(named)] : last ? [last] : [];
  const hint = HINTS.find(([sign]) => sign.test(output))?.[1];
  return {
    kind: 'build',
    packages,
    message: `${packages.join(', ') || 'a requirement'} could not be built: ${lastError(output)}`,
    ...(hint ? { hint } : {}),
  };
}

const MAX_CHARACTERS = 300;

/** The last exception, else the last line that calls itself an error, else the last line. */
export function lastError(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const line =
    lines.findLast((one) => /^\w*(?:Error|Exception): /.test(one)) ??
    lines.findLast((one) => /^(?:ERROR|error|fatal)\b: /.test(one)) ??
    lines.at(-1) ??
    'no output';
  return line.replace(/^(?:ERROR|error): /, '').slice(0, MAX_CHARACTERS);
}
