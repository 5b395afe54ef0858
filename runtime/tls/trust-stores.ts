/**
 * Where this machine keeps whom it trusts, whether our authority is among them, and the exact commands that add and
 * remove it. Only looks; running the commands is up to whoever asked.
 */
import type { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTool } from '../../services/kit/find-tool.ts';
import { installLine } from '../../services/kit/package-manager.ts';
import { runToEnd } from '../../services/kit/process.ts';

type Env = Readonly<Record<string, string>>;

export type StoreKind = 'system' | 'chromium' | 'firefox';

export interface TrustStore {
  readonly kind: StoreKind;
  readonly name: string;
  /** Who looks there. */
  readonly usedBy: string;
  readonly trusted: boolean;
  /** Program and arguments each; to be run in this order. */
  readonly add: readonly Command[];
  readonly remove: readonly Command[];
  /** What has to be installed before. */
  readonly missing?: { readonly program: string; readonly install: string | undefined };
}

export type Command = readonly [program: string, ...args: string[]];

export interface Trusted {
  readonly file: string;
  readonly certificate: X509Certificate;
}

export interface TrustSurroundings {
  readonly env: Env;
  /** The user's. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** Commands that change the system need no `sudo`. */
  readonly root: boolean;
}

const LOOK_MS = 10_000;

export async function trustStores(of: Trusted, around: TrustSurroundings): Promise<readonly TrustStore[]> {
  const system = around.platform === 'darwin' ? await keychain(of, around) : systemStore(of, around);
  const nss = await Promise.all(nssDatabases(around).map((database) => nssStore(of, database, around)));
  return [...(system ? [system] : []), ...nss];
}

/** What an entry of ours is called, unique to this authority: every home has one of its own. */
export function entryName({ certificate }: Trusted): string {
  return /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? 'paas-local CA';
}

const fileName = (of: Trusted): string =>
  entryName(of)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');

/** Folders for certificates of one's own, with what is to be run after a change. */
const SYSTEM_FOLDERS: readonly {
  readonly systems: string;
  readonly folder: string;
  readonly extension: string;
  readonly update: Command;
  readonly afterRemoval?: Command;
  readonly bundle: string;
}[] = [
  {
    systems: 'Debian, Ubuntu, Alpine',
    folder: '/usr/local/share/ca-certificates',
    extension: 'crt',
    update: ['update-ca-certificates'],
    afterRemoval: ['update-ca-certificates', '--fresh'],
    bundle: '/etc/ssl/certs/ca-certificates.crt',
  },
  {
    systems: 'Fedora, RHEL',
    folder: '/etc/pki/ca-trust/source/anchors',
    extension: 'pem',
    update: ['update-ca-trust', 'extract'],
    bundle: '/etc/pki/tls/certs/ca-bundle.crt',
  },
  {
    systems: 'Arch',
    folder: '/etc/ca-certificates/trust-source/anchors',
    extension: 'pem',
    update: ['update-ca-trust', 'extract'],
    bundle: '/etc/ssl/certs/ca-certificates.crt',
  },
  {
    systems: 'openSUSE',
    folder: '/etc/pki/trust/anchors',
    extension: 'pem',
    update: ['update-ca-certificates'],
    bundle: '/etc/ssl/ca-bundle.pem',
  },
];

function systemStore(of: Trusted, { root }: TrustSurroundings): TrustStore | undefined {
  const found = SYSTEM_FOLDERS.find(({ folder }) => existsSync(folder));
  if (!found) return undefined;
  const file = `${found.folder}/${fileName(of)}.${found.extension}`;
  const privileged = (command: Command): Command => (root ? command : ['sudo', ...command]);
  return {
    kind: 'system',
    name: `system (${found.systems})`,
    usedBy: 'curl, Python, Ruby, Go and whatever uses OpenSSL or GnuTLS',
    trusted: existsSync(found.bundle) && holds(readFileSync(found.bundle, 'utf8'), of.certificate),
    add: [privileged(['install', '-m', '0644', of.file, file]), privileged(found.update)],
    remove: [privileged(['rm', '-f', file]), privileged(found.afterRemoval ?? found.update)],
  };
}

/** Whether a bundle has this certificate, however its lines are broken. */
function holds(bundle: string, certificate: X509Certificate): boolean {
  return bundle.replaceAll(/\s/g, '').includes(certificate.raw.toString('base64'));
}

async function keychain(of: Trusted, { env, home }: TrustSurroundings): Promise<TrustStore> {
  const login = join(home, 'Library/Keychains/login.keychain-db');
  const look: Command = ['security', 'find-certificate', '-c', entryName(of), login];
  const sha1 = of.certificate.fingerprint.replaceAll(':', '');
  return {
    kind: 'system',
    name: 'login keychain (macOS)',
    usedBy: 'Safari, Chrome, Edge, curl',
    trusted: await succeeds(look, env),
    add: [['security', 'add-trusted-cert', '-r', 'trustRoot', '-k', login, of.file]],
    remove: [
      ['security', 'remove-trusted-cert', of.file],
      ['security', 'delete-certificate', '-Z', sha1, login],
    ],
  };
}

interface NssDatabase {
  readonly kind: 'chromium' | 'firefox';
  readonly folder: string;
  readonly name: string;
  readonly usedBy: string;
  /** It is there. */
  readonly made: boolean;
}

const CHROMIUM_PROGRAMS = [
  'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'brave-browser', 'microsoft-edge', 'vivaldi',
]; // prettier-ignore

/** Chromium and its kin keep one per user, Firefox one per profile. */
function nssDatabases({ home, env, platform }: TrustSurroundings): readonly NssDatabase[] {
  const usedBy = 'Chromium, Chrome, Edge, Brave';
  // Where neither is there, Chromium of any age takes the first.
  const places = [
    join(home, '.pki/nssdb'),
    join(env.XDG_DATA_HOME || join(home, '.local/share'), 'pki/nssdb'),
  ];
  const there = [...places, join(home, 'snap/chromium/current/.pki/nssdb')].filter(isDatabase);
  const browser = CHROMIUM_PROGRAMS.some((program) => findTool(program, env));
  const wanted = there.length > 0 ? there : browser && platform !== 'darwin' ? [places[0]!] : [];
  return [
    ...wanted.map((folder) => ({
      kind: 'chromium' as const,
      folder,
      name: 'Chromium',
      usedBy,
      made: isDatabase(folder),
    })),
    ...firefoxProfiles(home).map((folder) => ({
      kind: 'firefox' as const,
      folder,
      name: 'Firefox',
      usedBy: 'Firefox',
      made: true,
    })),
  ];
}

const FIREFOX_FOLDERS = [
  '.mozilla/firefox',
  'snap/firefox/common/.mozilla/firefox',
  '.var/app/org.mozilla.firefox/.mozilla/firefox',
  'Library/Application Support/Firefox/Profiles',
];

function firefoxProfiles(home: string): readonly string[] {
  return FIREFOX_FOLDERS.map((folder) => join(home, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((profile) => join(folder, profile)))
    .filter(isDatabase);
}

const isDatabase = (folder: string): boolean => existsSync(join(folder, 'cert9.db'));

async function nssStore(of: Trusted, database: NssDatabase, { env }: TrustSurroundings): Promise<TrustStore> {
  const { folder, made } = database;
  const at = ['-d', `sql:${folder}`];
  const named = ['-n', entryName(of)];
  const present = findTool('certutil', env) !== undefined;
  const install = installLine(
    { 'apt-get': 'libnss3-tools', dnf: 'nss-tools', apk: 'nss-tools', pacman: 'nss', brew: 'nss' },
    env,
  );
  return {
    kind: database.kind,
    name: `${database.name} (${folder})`,
    usedBy: database.usedBy,
    trusted: made && present && (await succeeds(['certutil', ...at, '-L', ...named], env)),
    add: [
      ...(made
        ? []
        : ([
            ['mkdir', '-p', '-m', '0700', folder],
            ['certutil', ...at, '-N', '--empty-password'],
          ] as const)),
      ['certutil', ...at, '-A', '-t', 'C,,', ...named, '-i', of.file],
    ],
    remove: [['certutil', ...at, '-D', ...named]],
    ...(present ? {} : { missing: { program: 'certutil', install } }),
  };
}

async function succeeds([file, ...args]: Command, env: Env): Promise<boolean> {
  const found = findTool(file, env);
  if (found === undefined) return false;
  const { code } = await runToEnd({ file: found, args, cwd: '/', env, timeoutMs: LOOK_MS });
  return code === 0;
}
