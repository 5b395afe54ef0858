/** A package index of our own on the loopback, holding tiny distributions: no test here needs the network. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

export interface Distribution {
  readonly name: string;
  readonly version: string;
  /** Requirements of its own. */
  readonly requires?: readonly string[];
  /** Puts a program of that name on PATH, which prints the distribution's name. */
  readonly program?: string;
}

/** A wheel is a zip of a module and of a few lines about it. */
const MAKE_WHEEL = `
import json, sys, zipfile
spec, path = json.loads(sys.argv[1]), sys.argv[2]
module, info = spec["name"].replace("-", "_"), "%s-%s.dist-info/" % (spec["name"].replace("-", "_"), spec["version"])
with zipfile.ZipFile(path, "w") as wheel:
    wheel.writestr(module + ".py", "NAME = %r\\ndef main(): print(NAME)\\n" % spec["name"])
    requires = "".join("Requires-Dist: %s\\n" % one for one in spec.get("requires", []))
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n%s" % (spec["name"], spec["version"], requires))
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    if spec.get("program"):
        wheel.writestr(info + "entry_points.txt", "[console_scripts]\\n%s = %s:main\\n" % (spec["program"], module))
    wheel.writestr(info + "RECORD", "")
`;

export interface PackageIndex {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Paths asked for, in order. */
  readonly requests: readonly string[];
}

/** Serves `distributions`; with `silent`, takes requests and never answers. */
export async function packageIndex(
  distributions: readonly Distribution[],
  { silent = false } = {},
): Promise<PackageIndex> {
  const folder = tempDir('paas-local-index-');
  const wheels = new Map<string, Buffer>();
  for (const spec of distributions) {
    const file = `${spec.name.replaceAll('-', '_')}-${spec.version}-py3-none-any.whl`;
    execFileSync('python3', ['-c', MAKE_WHEEL, JSON.stringify(spec), join(folder, file)]);
    wheels.set(file, readFileSync(join(folder, file)));
  }
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    if (silent) return;
    const [, name] = /^\/simple\/([^/]+)\/$/.exec(path) ?? [];
    const files = [...wheels.keys()].filter((file) => file.startsWith(`${name?.replaceAll('-', '_')}-`));
    const wheel = wheels.get(path.replace('/files/', ''));
    if (wheel) response.end(wheel);
    else if (files.length > 0) {
      const links = files.map((file) => `<a href="/files/${file}">${file}</a>`).join('');
      response
        .setHeader('content-type', 'text/html')
        .end(`<!doctype html><html><body>${links}</body></html>`);
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { env: indexEnv((server.address() as AddressInfo).port), requests };
}

/** An index where nobody listens. */
export async function deadIndex(): Promise<Readonly<Record<string, string | undefined>>> {
  return indexEnv(await allocatePort());
}

/** Points pip and uv at it, away from settings and caches of this machine. */
function indexEnv(port: number): Readonly<Record<string, string | undefined>> {
  return {
    PIP_INDEX_URL: `http://127.0.0.1:${port}/simple/`,
    PIP_EXTRA_INDEX_URL: undefined,
    PIP_FIND_LINKS: undefined,
    PIP_NO_INDEX: undefined,
    PIP_DEFAULT_TIMEOUT: undefined,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_CACHE_DIR: '1',
    UV_INDEX_URL: undefined,
    UV_DEFAULT_INDEX: undefined,
    UV_NO_CACHE: '1',
    no_proxy: '127.0.0.1',
    NO_PROXY: '127.0.0.1',
  };
}
