/** What goes wrong around an engine: no room on the disk, a start cut short, a host killed while it makes the data. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { ServiceContext, ServiceType } from '../../services/kit/contract.ts';
import { ServiceError } from '../../services/kit/service-error.ts';
import { SERVICE_TYPES } from '../../services/index.ts';
import { RUN_VARIABLE } from '../../services/kit/marked.ts';
import { markedGone, until } from '../helpers/alive.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { missingEngines, serviceContext, startService } from './helpers.ts';
import { PROBES } from './probes.ts';

const LONG_MS = 400_000;
const missing = await missingEngines();
const present = Object.keys(PROBES).filter((name) => !missing.has(name));
const typeOf = (name: string): ServiceType => SERVICE_TYPES.find(({ type }) => type === name)!;

/** So many KB are too few for each, and so many enough. */
const SIZES: Readonly<Record<string, readonly [tooSmall: number, enough: number]>> = {
  postgresql: [10_000, 200_000],
  mysql: [10_000, 400_000],
  mongodb: [100, 600_000],
};

describe.each(Object.entries(SIZES).filter(([name]) => present.includes(name)))(
  '%s',
  { timeout: LONG_MS },
  (name, [tooSmall, enough]) => {
    const type = typeOf(name);

    test('no room on the disk: told, nothing half-made stays, and with room it starts', async ({ skip }) => {
      const context = serviceContext(type);
      const disk = smallDisk(context.dataDir, tooSmall);
      if (typeof disk === 'string') return skip(disk);
      const failure = await type.start(type.readOptions({}), context).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ServiceError);
      const { code, message } = failure as ServiceError;
      expect(code).toBe('SERVICE_START_FAILED');
      expect(message).toMatch(new RegExp(`; the disk of "${context.dataDir}" is full: \\d+ KB are left$`));
      expect(readdirSync(context.dataDir).filter((entry) => entry.startsWith('unfinished'))).toEqual([]);
      disk.grow(enough);
      const instance = await startService(type, context);
      await PROBES[name]!.write(instance.endpoint, 'kept');
      expect(await PROBES[name]!.read(instance.endpoint)).toBe('kept');
    });
  },
);

const MAKER = fileURLToPath(new URL('../helpers/programs/service-maker.ts', import.meta.url));

describe.each(present)('%s', { timeout: LONG_MS }, (name) => {
  const type = typeOf(name);

  test('whoever starts it is killed at any moment: the next start finishes, with the same words', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const context = serviceContext(type, { cacheDir });
    const { user, password, name: database, dataDir, searchPath } = context;
    // From the first sign of its folder to where it serves, in a few steps.
    for (const moment of ['folder', 'template', 'unfinished', 'data', 'process'] as const) {
      // A host of its own, which as any host waits for the guardian of the one before: that ends whatever has its mark.
      const runId = `maker-${randomUUID()}`;
      const begin = {
        type: name,
        runId,
        context: { user, password, name: database, dataDir, cacheDir, searchPath },
      };
      const maker = spawn(process.execPath, ['--import', 'tsx', MAKER, JSON.stringify(begin)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const exited = new Promise((resolve) => maker.once('exit', resolve));
      let serves = false;
      maker.stdout.on('data', (chunk) => (serves ||= String(chunk).includes('serves')));
      await until(`it to have come to: ${moment}`, () => serves || signs[moment](context), {
        boundMs: 120_000,
        state: () => ({ exitCode: maker.exitCode, signal: maker.signalCode }),
      });
      maker.kill('SIGKILL');
      await exited;
      await markedGone(RUN_VARIABLE, runId);
    }
    const instance = await startService(type, context);
    await PROBES[name]!.write(instance.endpoint, 'kept');
    expect(await PROBES[name]!.read(instance.endpoint)).toBe('kept');
    const left = [dataDir, join(cacheDir, 'templates')].filter((folder) => existsSync(folder));
    expect(
      left.flatMap((folder) => readdirSync(folder)).filter((entry) => entry.startsWith('unfinished')),
    ).toEqual([]);
  });

  test('two at once in one folder of templates, each with its own data', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const instances = await Promise.all(
      [1, 2].map(() => startService(type, serviceContext(type, { cacheDir }))),
    );
    for (const [index, { endpoint }] of instances.entries())
      await PROBES[name]!.write(endpoint, `of ${index}`);
    for (const [index, { endpoint }] of instances.entries())
      expect(await PROBES[name]!.read(endpoint)).toBe(`of ${index}`);
  });

  test('a start that is cut short in the middle leaves nothing that runs, and the next one finishes', async () => {
    const context = serviceContext(type, { cacheDir: join(tempDir(), 'cache') });
    const cut = new AbortController();
    const started = type.start(type.readOptions({}), { ...context, signal: cut.signal });
    // The quickest serves before it can be cut short.
    const ended = started.then(
      (instance) => instance[Symbol.asyncDispose](),
      (error: unknown) => error,
    );
    await until('its folder', () => existsSync(context.dataDir));
    const reason = new Error('no longer wanted');
    cut.abort(reason);
    expect([reason, undefined]).toContain(await ended);
    const instance = await startService(type, context);
    expect(await PROBES[name]!.read(instance.endpoint)).toBeUndefined();
  });
});

const some = (folder: string, begin: string): boolean =>
  existsSync(folder) && readdirSync(folder).some((entry) => entry.startsWith(begin));

/** How far a start has come, as it can be seen from outside. */
const signs = {
  folder: ({ dataDir }: ServiceContext) => existsSync(dataDir),
  template: ({ cacheDir, dataDir }: ServiceContext) =>
    some(join(cacheDir!, 'templates'), '') || existsSync(join(dataDir, 'data')),
  unfinished: ({ dataDir }: ServiceContext) =>
    some(dataDir, 'unfinished') || existsSync(join(dataDir, 'data')),
  data: ({ dataDir }: ServiceContext) => existsSync(join(dataDir, 'data')),
  process: ({ dataDir }: ServiceContext) =>
    readdirSync(join(dataDir, 'data'), { recursive: true }).length > 0,
} as const;

test(
  'what a process that lives is making among the templates is left to it; of one that is gone it is removed',
  async () => {
    const type = typeOf('postgresql');
    if (missing.has('postgresql')) return;
    const cacheDir = join(tempDir(), 'cache');
    const templates = join(cacheDir, 'templates');
    for (const pid of [process.pid, 2 ** 22 + 1]) {
      mkdirSync(join(templates, `unfinished-${pid}-postgresql-1.0-x`), { recursive: true });
      writeFileSync(join(templates, `unfinished-${pid}-postgresql-1.0-x/half`), '');
    }
    await startService(type, serviceContext(type, { cacheDir }));
    expect(readdirSync(templates).filter((entry) => entry.startsWith('unfinished'))).toEqual([
      `unfinished-${process.pid}-postgresql-1.0-x`,
    ]);
  },
  LONG_MS,
);
