/**
 * The folder an engine keeps its data in, made once and as a whole: under another name first, so that a host killed
 * in the middle leaves nothing that looks finished. Making one anew takes some engines a second, so a fresh one is
 * kept as a template and copied.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceContext } from './contract.ts';
import { diskNote } from './disk-room.ts';
import { runToEnd } from './process.ts';
import { isAlive, processRow } from './process-table.ts';
import { ServiceError } from './service-error.ts';
import { ownFolder } from './program-service.ts';
import type { Unprivileged } from './unprivileged.ts';

/** Begins the name of what is not whole yet. */
export const UNFINISHED = 'unfinished-';
const COPY_MS = 60_000;
const STEP_MS = 120_000;

export interface DataFolderOptions {
  readonly context: ServiceContext;
  readonly how: Unprivileged;
  /** What a template depends on: engine and version. Letters, digits, `.` and `-`. */
  readonly key: string;
  /** Fills an empty folder. */
  readonly make: (folder: string) => Promise<void>;
}

/** Where an instance's data lies. */
export const dataFolder = (context: Pick<ServiceContext, 'dataDir'>): string => join(context.dataDir, 'data');

/**
 * @returns whether it was made just now
 * @throws ServiceError `SERVICE_START_FAILED`
 */
export async function provideData({ context, how, key, make }: DataFolderOptions): Promise<boolean> {
  const { dataDir, cacheDir } = context;
  const target = dataFolder(context);
  ownFolder(dataDir, how);
  if (existsSync(target)) return false;
  sweep(dataDir);
  const fresh = join(dataDir, UNFINISHED + randomUUID());
  try {
    if (cacheDir === undefined) {
      ownFolder(fresh, how);
      await make(fresh);
    } else {
      const template = await provideTemplate(join(cacheDir, 'templates'), key, how, make);
      await runStep(context, how, 'cp', ['-Rp', template, fresh], { timeoutMs: COPY_MS });
    }
    renameSync(fresh, target);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
  return true;
}

async function provideTemplate(
  templates: string,
  key: string,
  how: Unprivileged,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const template = join(templates, key);
  mkdirSync(templates, { recursive: true, mode: 0o700 });
  if (existsSync(template)) {
    how.own(template);
    return template;
  }
  sweepTemplates(templates);
  const fresh = join(templates, `${UNFINISHED}${process.pid}-${key}-${randomUUID()}`);
  try {
    ownFolder(fresh, how);
    await make(fresh);
    renameSync(fresh, template);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another start was quicker; its template is as good.
    if (!existsSync(template)) throw error;
  }
  return template;
}

/** What a host that was killed left half-made. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(UNFINISHED)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** The same where all spaces make theirs: what a process that lives is making is left to it. */
function sweepTemplates(templates: string): void {
  for (const name of readdirSync(templates)) {
    const maker = new RegExp(`^${UNFINISHED}(\\d+)-`).exec(name)?.[1];
    const row = maker === undefined ? undefined : processRow(Number(maker));
    if (name.startsWith(UNFINISHED) && (row === undefined || !isAlive(row)))
      rmSync(join(templates, name), { recursive: true, force: true });
  }
}

export interface StepOptions {
  readonly timeoutMs?: number;
  /** On top of PATH, HOME (the data folder) and the locale. */
  readonly env?: Readonly<Record<string, string>>;
  /** All it reads. */
  readonly input?: string;
}

/**
 * Runs a program of an engine to its end, without privileges.
 * @throws ServiceError `SERVICE_START_FAILED` with its last lines
 */
export async function runStep(
  context: ServiceContext,
  how: Unprivileged,
  file: string,
  args: readonly string[],
  { timeoutMs = STEP_MS, env = {}, input }: StepOptions = {},
): Promise<void> {
  const { code, signal, output, timedOut } = await runToEnd({
    ...how.wrap(file, args),
    cwd: context.dataDir,
    env: {
      PATH: `${context.searchPath ?? ''}:/usr/bin:/bin:/usr/sbin:/sbin`,
      HOME: context.dataDir,
      LC_ALL: 'C',
      ...env,
    },
    guardian: context.guardian,
    timeoutMs,
    ...(input === undefined ? {} : { input }),
    ...(context.signal ? { signal: context.signal } : {}),
  });
  if (code === 0) return;
  const logLines = output.split('\n').filter(Boolean).slice(-40);
  const exit = timedOut
    ? `took longer than ${timeoutMs / 1000} s`
    : `ended with ${signal ?? `status ${code}`}`;
  // The last words of some are advice: what went wrong stands above it.
  const said =
    logLines.find((line) => /\b(ERROR|FATAL)\b/.test(line)) ?? logLines.at(-1) ?? 'it said nothing';
  throw new ServiceError('SERVICE_START_FAILED', `${file} ${exit}: ${said}${diskNote(context.dataDir)}`, {
    logLines,
  });
}
