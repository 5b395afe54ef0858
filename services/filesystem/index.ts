/** A folder that outlives its app: files written elsewhere in an app's folder are lost on the platform at every restart. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Binding,
  Dialect,
  Endpoint,
  ServiceContext,
  ServiceInstance,
  ServiceType,
} from '../kit/contract.ts';
import { copyFolder, emptyFolder } from '../kit/copy-folder.ts';
import { uuidIdentity } from '../kit/identity.ts';
import { neverFails } from '../kit/instance.ts';
import { offering } from '../kit/offering.ts';
import { readMapping } from '../kit/options.ts';

const VERSIONS = ['1.0'] as const;
const PRIVATE = 0o700;

export const filesystem: ServiceType<undefined> = {
  type: 'filesystem',
  portless: true,
  versions: VERSIONS,
  summary: 'Folder that is kept across restarts and pushes',
  // `size` was a quota of the platform's; a laptop's disk has none of ours.
  readOptions: (raw) => void readMapping(raw, ['size']) as undefined,
  mint: uuidIdentity,
  start,
  bind,
};

function bind({ details }: Endpoint, dialect: Dialect): Binding {
  const folder = typeof details?.folder === 'string' ? details.folder : '';
  const kinds = { stackato: ['Persistent filesystem service'], 'cloud-foundry': [] };
  return {
    ...offering(dialect, 'filesystem', VERSIONS.at(-1)!, kinds),
    credentials: {},
    volume: { folder },
  };
}

async function start(_: undefined, context: ServiceContext): Promise<ServiceInstance> {
  context.signal?.throwIfAborted();
  const { user, password, name, host } = context;
  const folder = join(context.dataDir, 'files');
  const make = (): void => void mkdirSync(folder, { recursive: true, mode: PRIVATE });
  make();
  return {
    endpoint: { host, port: 0, user, password, name, details: { folder } },
    engine: folder,
    failed: neverFails(),
    stats: async () => countFiles(folder),
    reset: async () => emptyFolder(folder),
    copy: () => copyFolder(folder, join(context.dataDir, 'copies')),
    [Symbol.asyncDispose]: async () => {},
  };
}

function countFiles(folder: string): { readonly files: number; readonly bytes: number } {
  let files = 0;
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files += 1;
    bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return { files, bytes };
}
