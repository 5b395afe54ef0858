/** Pages and files, served as they are by a server of our own, which understands Cloud Foundry's Staticfile. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AppManifest } from '../manifest/types.ts';
import { shellQuote } from '../kernel/shell-quote.ts';
import { readStaticfile, STATICFILE } from './static/staticfile.ts';
import type { AppSource, Buildpack, Findings, Installed } from './types.ts';

/** Folders that hold the pages of a site whose top level does not, as its tools leave them. */
const ROOTS = ['public', 'dist', 'build', '_site', 'htdocs', 'www'] as const;

const SERVER = '"$PAAS_LOCAL_NODE" "$PAAS_LOCAL_STATIC_SERVER"';

/** A folder with a Staticfile says so itself. */
export const staticfile: Buildpack = {
  name: 'static',
  aliases: ['staticfile', 'nginx', 'html'],
  recognise: (source) => (source.hasFile(STATICFILE) ? `${STATICFILE} found` : undefined),
  inspect,
  install: () => Promise.resolve(installed()),
};

/** A folder with a page and nothing of any language. */
export const pages: Buildpack = {
  ...staticfile,
  aliases: [],
  recognise: (source) => {
    const root = rootOf(source);
    return root === undefined ? undefined : `${root === '.' ? '' : `${root}/`}index.html found`;
  },
};

function inspect(source: AppSource, manifest: AppManifest): Findings {
  const { options, notes } = readStaticfile(source.readText(STATICFILE) ?? '');
  const root = options.root ?? manifest.framework?.documentRoot ?? rootOf(source) ?? '.';
  return {
    commands: {
      web: {
        command: `${SERVER} ${shellQuote(root)}`,
        from: source.hasFile(STATICFILE) ? STATICFILE : 'index.html',
      },
    },
    lookedFor: [STATICFILE, 'index.html'],
    requirementFiles: source.hasFile(STATICFILE) ? [STATICFILE] : [],
    notes: [
      ...notes,
      ...(source.hasFile('nginx.conf')
        ? ['nginx.conf is not read: files are served by a server of paas-local']
        : []),
      ...(source.hasFile('Staticfile.auth')
        ? ['Staticfile.auth is not read: nobody is asked for a password here']
        : []),
    ],
  };
}

function rootOf(source: AppSource): string | undefined {
  if (source.hasFile('index.html')) return '.';
  return ROOTS.find((folder) => source.hasFile(`${folder}/index.html`));
}

function installed(): Installed {
  const server = builtServer();
  return {
    skipped: true,
    fingerprint: 'static',
    path: [],
    env: {
      PAAS_LOCAL_NODE: process.execPath,
      PAAS_LOCAL_STATIC_SERVER: fileURLToPath(server ?? new URL('./static-server.ts', import.meta.url)),
      // From source: the server's process learns to read TypeScript.
      ...(server ? {} : { NODE_OPTIONS: `--import=${import.meta.resolve('tsx')}` }),
    },
  };
}

/** Undefined when running from source. Bundling may have put this module elsewhere below the same folder. */
function builtServer(): URL | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined;
  const candidates = [
    './static-server.js',
    '../runtime/staging/static-server.js',
    './staging/static-server.js',
    '../../runtime/staging/static-server.js',
  ];
  const urls = candidates.map((candidate) => new URL(candidate, import.meta.url));
  return urls.find((url) => existsSync(url)) ?? urls[0];
}
