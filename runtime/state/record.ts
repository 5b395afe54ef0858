/**
 * What a space remembers on disk: desired state of apps, and services with the ports and credentials
 * that were handed out. Everything else can be found out again.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Identity, NodeConfig } from '../../services/kit/contract.ts';
import type { Json } from '../../services/kit/json.ts';
import { PaasError } from '../kernel/errors.ts';
import type { EnvMode } from '../manifest/env-mode.ts';
import type { Overrides } from '../manifest/options.ts';
import type { AppPlan, ByHand, ServicePlan } from '../plan/types.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { systemReason } from './home.ts';
import { migrate, NewerRecord, RECORD_VERSION } from './migrate.ts';

/** Between the name of a record that was set aside and what makes its own unique. */
const ASIDE = '.unreadable-';

export interface AppRecord {
  readonly id: string;
  /** A new one at every push, as `application_version`. */
  readonly version: string;
  /** What the manifest asks for; what was changed by hand lies over it. */
  readonly plan: AppPlan;
  readonly byHand: ByHand;
  readonly desired: 'started' | 'stopped';
  /** Pushed with `--detach`: outlives the terminal that pushed it. */
  readonly detached: boolean;
  /** A crashed instance is started again after this at most. Undefined: as the platform does. */
  readonly maxBackoffMs?: number;
  /** A push of it ended well: from then on its variables are kept. Mistakes of a first try are not. */
  readonly ranOnce?: boolean;
  /** What of the pushing shell's environment the app is given. */
  readonly shellEnv: Readonly<Record<string, string>>;
  /** Oldest first. */
  readonly tasks?: readonly TaskRecord[];
  /** Runs in a copy of its folder, made anew for each start. */
  readonly fromCopy?: boolean;
  /** Routed on HTTPS as well. */
  readonly tls?: boolean;
  /** How the manifest was read, so that an edit can be read the same way again. */
  readonly source?: ManifestSource;
}

/** A one-off command of an app. */
export interface TaskRecord {
  readonly id: string;
  /** Counts up per app: what `tasks` shows and `terminate-task` takes. */
  readonly sequence: number;
  readonly name: string;
  readonly command: string;
  readonly state: 'RUNNING' | 'CANCELING' | 'SUCCEEDED' | 'FAILED';
  readonly memoryBytes: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly failureReason?: string;
}

/** The arguments a manifest was read with. Plain JSON. */
export interface ManifestSource {
  readonly cwd: string;
  readonly path?: string;
  readonly manifest?: string;
  readonly dialect?: 'stackato' | 'cloud-foundry';
  readonly appNames: readonly string[];
  readonly env: readonly string[];
  readonly vars: readonly string[];
  readonly varsFiles: readonly string[];
  readonly command?: string;
  readonly noWatch: boolean;
  /** What the user answered to the manifest's questions: an edit is read without anyone to ask. */
  readonly answers?: Readonly<Record<string, string>>;
  /** From what each app's random words are made. The empty name is for apps that were not there before. */
  readonly seeds?: Readonly<Record<string, string>>;
  /** Flags that take the place of what the manifest says about the app. */
  readonly overrides?: Overrides;
  /** `--env-mode`. */
  readonly envMode?: EnvMode;
  /** `--ready-file`, absolute: what a push writes itself is no edit. */
  readonly readyFile?: string;
}

export interface ServiceRecord {
  readonly id: string;
  readonly plan: ServicePlan;
  readonly identity: Identity;
  /** 0 until it was started for the first time. */
  readonly port: number;
  /** It was to be started, and never was with success. */
  readonly createFailed?: true;
  /** What else its endpoint told at its first start. */
  readonly details?: Readonly<Record<string, Json>>;
  /** The URL of an engine that runs elsewhere, in place of one of ours. Holds a password; this file is private. */
  readonly external?: string;
  /** Apps may start without it where its engine is not installed. */
  readonly mayBeMissing?: boolean;
}

export interface SpaceRecord {
  readonly version: typeof RECORD_VERSION;
  readonly spaceId: string;
  readonly organizationId: string;
  readonly apps: Readonly<Record<string, AppRecord>>;
  readonly services: Readonly<Record<string, ServiceRecord>>;
  /** What `kato config` was told, by component. */
  readonly nodes?: Readonly<Record<string, NodeConfig>>;
  /** Where a push asked to be routed. Forgotten with the last app. */
  readonly router?: RouterPorts;
}

/** 0 is any. Undefined where nobody asked for one. */
export interface RouterPorts {
  /** `--port` */
  readonly http?: number;
  /** `--tls-port` */
  readonly https?: number;
}

export function emptyRecord(): SpaceRecord {
  return {
    version: RECORD_VERSION,
    spaceId: randomUUID(),
    organizationId: randomUUID(),
    apps: withoutPrototype({}),
    services: withoutPrototype({}),
  };
}

export interface LoadedRecord {
  readonly record: SpaceRecord;
  /** Says why the record could not be understood, and what became of it. */
  readonly problem?: PaasError;
}

/**
 * Reads a space's record, for the host that will write it. One that cannot be understood is set aside with a message,
 * never overwritten in silence; one of a newer program is left to that.
 * @throws PaasError `STATE_UNREADABLE` where the system does not let us, `STATE_NEWER`
 */
export function loadRecord(path: string): LoadedRecord {
  const read = readRecord(path);
  if (!read.problem) return read;
  const aside = `${path}${ASIDE}${randomUUID().slice(0, 8)}`;
  renameSync(path, aside);
  return { ...read, problem: new PaasError('STATE_UNREADABLE', { ...read.problem.facts, aside }) };
}

/**
 * The same for whoever only looks, and so touches nothing.
 * @throws as `loadRecord`
 */
export function readRecord(path: string): LoadedRecord {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { record: emptyRecord() };
    throw new PaasError('STATE_UNREADABLE', { file: path, reason: systemReason(error) }, { cause: error });
  }
  try {
    return { record: parse(text) };
  } catch (error) {
    if (error instanceof NewerRecord)
      throw new PaasError('STATE_NEWER', { file: path, reason: error.message });
    const reason = error instanceof SyntaxError ? 'it is not whole JSON' : (error as Error).message;
    return { record: emptyRecord(), problem: new PaasError('STATE_UNREADABLE', { file: path, reason }) };
  }
}

/** Records that were set aside and are still there: what is on disk may be theirs. */
export function recordsAside(path: string): readonly string[] {
  const folder = dirname(path);
  const beginning = `${basename(path)}${ASIDE}`;
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(beginning))
      .map((name) => join(folder, name));
  } catch {
    return []; // there is no such space
  }
}

/** The record as it is, for those who only look; undefined where there is none, or none that can be read. */
export function peekRecord(path: string): SpaceRecord | undefined {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @throws PaasError `STATE_NOT_WRITABLE`; the former record is then still in place */
export function saveRecord(path: string, record: SpaceRecord): void {
  try {
    writeFileAtomic(path, `${JSON.stringify(record, null, 1)}\n`);
  } catch (error) {
    throw new PaasError(
      'STATE_NOT_WRITABLE',
      { folder: path, reason: systemReason(error) },
      { cause: error },
    );
  }
}

function parse(text: string): SpaceRecord {
  const record = migrate(JSON.parse(text)) as unknown as SpaceRecord;
  return { ...record, apps: withoutPrototype(record.apps), services: withoutPrototype(record.services) };
}

/** An app may be called `constructor`; a look-up must then find it, or nothing. */
function withoutPrototype<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, map);
}
