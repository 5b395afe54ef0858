/**
 * Database engines refuse to run as root, and should not. Where we are root (containers, CI) they are started as
 * `nobody`, who must own the data folder yet may not be able to reach it, since the folders above are private.
 *
 *     user namespace   the process sees itself as nobody; its files stay root's. Not allowed in every container.
 *     capability       the process is nobody and owns its folder; CAP_DAC_OVERRIDE lets it pass the folders above.
 *
 * Neither gives the engine less than the user who pushed has; both give it nothing more.
 */
import { chownSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTool } from './find-tool.ts';
import { runToEnd } from './process.ts';
import { ServiceError } from './service-error.ts';

const TOOL_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';
const TRY_MS = 5000;

export interface Unprivileged {
  /** How it is done, for a log line. Empty where we are not root. */
  readonly how: string;
  /** False where programs that ask whether they may (access(2)) are told no below folders of root's alone. */
  readonly asksRight: boolean;
  /** A program and its arguments, so that it runs without privileges. */
  wrap(file: string, args: readonly string[]): { readonly file: string; readonly args: readonly string[] };
  /** Makes a folder and all in it belong to whom the programs run as. */
  own(folder: string): void;
}

const asWeAre: Unprivileged = {
  how: '',
  asksRight: true,
  wrap: (file, args) => ({ file, args }),
  own: () => {},
};

export type Way = 'user namespace' | 'capability';

let chosen: Promise<Unprivileged> | undefined;

/**
 * Found out once.
 * @param mayBeRoot for an engine that does not refuse root, and cannot live with the second way
 * @throws ServiceError `SERVICE_START_FAILED` where we are root and no way is open
 */
export async function unprivileged(mayBeRoot?: 'may be root'): Promise<Unprivileged> {
  chosen ??= process.getuid?.() === 0 ? choose(['user namespace', 'capability']) : Promise.resolve(asWeAre);
  if (!mayBeRoot) return chosen;
  const how = await chosen.catch(() => asWeAre);
  return how.asksRight ? how : asWeAre;
}

/** The first of these ways that works here. For root only. */
export async function choose(ways: readonly Way[]): Promise<Unprivileged> {
  const nobody = readNobody();
  for (const way of ways) {
    const candidate = nobody && (way === 'user namespace' ? inNamespace(nobody) : withCapability(nobody));
    if (candidate && (await works(candidate))) return candidate;
  }
  throw new ServiceError(
    'SERVICE_START_FAILED',
    'database engines refuse to run as root, and neither "unshare --user" nor "setpriv" lets one run as nobody here; run paas-local as another user',
  );
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Engines look their user up by number, so it must be one that the system knows. */
function readNobody(): Account | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((text) => text.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

function inNamespace({ uid, gid }: Account): Unprivileged | undefined {
  const tool = findTool('unshare', { PATH: TOOL_PATH });
  if (!tool) return undefined;
  return {
    how: 'as nobody, in a user namespace',
    asksRight: true,
    wrap: (file, args) => ({
      file: tool,
      args: ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--', file, ...args],
    }),
    own: (folder) => ownedBy(folder, 0, 0),
  };
}

function withCapability({ uid, gid }: Account): Unprivileged | undefined {
  const tool = findTool('setpriv', { PATH: TOOL_PATH });
  if (!tool) return undefined;
  const capability = ['--inh-caps=-all,+dac_override', '--ambient-caps=-all,+dac_override'];
  return {
    how: 'as nobody',
    asksRight: false,
    wrap: (file, args) => ({
      file: tool,
      args: [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...capability, '--', file, ...args],
    }),
    own: (folder) => ownedBy(folder, uid, gid),
  };
}

async function works(candidate: Unprivileged): Promise<boolean> {
  const { file, args } = candidate.wrap('/bin/sh', ['-c', 'test "$(id -u)" != 0']);
  const step = { file, args, cwd: '/', env: { PATH: TOOL_PATH }, timeoutMs: TRY_MS };
  return runToEnd(step).then(
    ({ code }) => code === 0,
    () => false,
  );
}

/** Nothing is done where the folder itself is right: it is only ever changed as a whole. Links are not followed. */
function ownedBy(folder: string, uid: number, gid: number): void {
  const facts = lstatSync(folder);
  if (facts.uid === uid && facts.gid === gid) return;
  const change = (path: string): void => {
    const entry = lstatSync(path);
    if (entry.isSymbolicLink()) return;
    if (entry.isDirectory()) for (const name of readdirSync(path)) change(join(path, name));
    chownSync(path, uid, gid);
  };
  change(folder);
}
