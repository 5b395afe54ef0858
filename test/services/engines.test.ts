/** Real engines, with trouble: killed, starting again, emptied, of another version, taken to the wrong password. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ServiceType } from '../../services/kit/contract.ts';
import { requireEngine, type EngineKind } from '../../services/kit/engine.ts';
import { readExternalUrl } from '../../services/kit/external.ts';
import { ServiceError } from '../../services/kit/service-error.ts';
import { choose } from '../../services/kit/unprivileged.ts';
import { SERVICE_TYPES } from '../../services/index.ts';
import { until } from '../helpers/alive.ts';
import { missingEngines, serviceContext, startService } from './helpers.ts';
import { PROBES } from './probes.ts';

const LONG_MS = 120_000;
const missing = await missingEngines();
const present = Object.keys(PROBES).filter((name) => !missing.has(name));
const typeOf = (name: string): ServiceType => SERVICE_TYPES.find(({ type }) => type === name)!;

test('an engine that is not here is named, with the line that installs it', async () => {
  const nowhere: EngineKind = {
    product: 'Nosuch',
    programs: ['no-such-engine'],
    folders: ['/nowhere/*/bin'],
    version: /(\d+)/,
    packages: { 'apt-get': 'nosuch-server', dnf: 'nosuch', brew: 'nosuch', apk: 'nosuch', pacman: 'nosuch' },
  };
  const failure = await requireEngine(nowhere, { searchPath: process.env.PATH! }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 'SERVICE_ENGINE_MISSING',
    message: 'Nosuch is not installed',
  });
  if (process.platform === 'linux') {
    expect((failure as ServiceError).facts.install).toMatch(
      /^sudo (apt-get install|dnf install|apk add|pacman -S) nosuch/,
    );
  }
});

test('on the machine that decides, every engine that can be installed there is', () => {
  const wanted = process.env.CI ? ['mysql', 'postgresql', 'rabbitmq', 'redis'] : [];
  expect(wanted.filter((name) => missing.has(name))).toEqual([]);
});

describe.each(present)('%s', { timeout: LONG_MS }, (name) => {
  const type = typeOf(name);
  const { write, read, overwrite } = PROBES[name]!;

  test('what was written is there after the engine was killed, on the same port, with the app not asked', async () => {
    const context = serviceContext(type);
    const instance = await startService(type, context);
    await write(instance.endpoint, 'kept');
    const first = instance.pid!;
    process.kill(first, 'SIGKILL');
    await until('another process', () => instance.pid !== first && instance.pid !== undefined, {
      boundMs: 30_000,
      state: () => context.lines,
    });
    await until(
      'it to answer again',
      () =>
        read(instance.endpoint).then(
          (value) => value === 'kept',
          () => false,
        ),
      {
        boundMs: 30_000,
        state: () => context.lines,
      },
    );
    expect(context.lines.join('\n')).toContain('SIGKILL');
    expect(context.lines.join('\n')).toContain(`on port ${instance.endpoint.port}`);
  });

  test('its data is kept from one life to the next, and gone after a reset', async () => {
    const context = serviceContext(type);
    // What a host that was killed in the middle of making it leaves behind.
    mkdirSync(join(context.dataDir, 'unfinished-0'), { recursive: true });
    writeFileSync(join(context.dataDir, 'unfinished-0/half'), '');
    const first = await type.start(type.readOptions({}), context);
    await write(first.endpoint, 'kept');
    await first[Symbol.asyncDispose]();
    const second = await startService(type, { ...context, port: first.endpoint.port });
    expect(await read(second.endpoint)).toBe('kept');
    await second.reset();
    expect(await read(second.endpoint)).toBeUndefined();
    await write(second.endpoint, 'again');
    expect(await read(second.endpoint)).toBe('again');
  });

  test('the URL an app is given logs in, and a wrong password in it is refused; a missing version is said', async () => {
    const context = serviceContext(type, { version: '0.1' });
    const instance = await startService(type, context);
    expect(instance.engine).toContain('not 0.1 as asked');
    expect(context.lines.join('\n')).toContain('version 0.1 was asked for and is not here');
    const { external } = type;
    const { signal } = new AbortController();
    const url = type.bind(instance.endpoint, 'stackato', type.readOptions({})).url!.value;
    const endpoint = readExternalUrl(url, external!);
    await expect(external!.check(endpoint, signal)).resolves.toMatch(/\d/);
    await expect(external!.check({ ...endpoint, password: 'wrong' }, signal)).rejects.toMatchObject({
      name: 'LoginRefused',
    });
    const { uri } = type.bind(instance.endpoint, 'cloud-foundry', type.readOptions({})).credentials;
    await expect(external!.check(readExternalUrl(uri as string, external!), signal)).resolves.toMatch(/\d/);
  });

  test('a copy is put back as it was, and what came later is gone', async () => {
    const instance = await startService(type, serviceContext(type));
    await write(instance.endpoint, 'then');
    const copy = await instance.copy!();
    for (const value of ['later', 'later still']) {
      await overwrite(instance.endpoint, value);
      expect(await read(instance.endpoint)).toBe(value);
      await copy.restore();
      expect(await read(instance.endpoint)).toBe('then');
    }
    await copy[Symbol.asyncDispose]();
  });

  test('data of another version is told and not touched', async () => {
    const context = serviceContext(type);
    const first = await type.start(type.readOptions({}), context);
    await first[Symbol.asyncDispose]();
    const file = join(context.dataDir, 'data', name === 'postgresql' ? 'cluster/PG_VERSION' : 'version');
    writeFileSync(
      file,
      name === 'postgresql' ? '9.1\n' : name === 'redis' ? 'Redis 99.0.0\n' : 'MySQL 4.0.1\n',
    );
    const before = readdirSync(context.dataDir, { recursive: true });
    const failure = await type.start(type.readOptions({}), context).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServiceError);
    expect(failure).toMatchObject({ code: 'SERVICE_DATA_VERSION', facts: { folder: context.dataDir } });
    expect(readdirSync(context.dataDir, { recursive: true })).toEqual(before);
  });
});

describe.skipIf(process.getuid?.() !== 0)('as root', { timeout: LONG_MS }, () => {
  test.each(['user namespace', 'capability'] as const)('by %s', async (way) => {
    const how = await choose([way]).catch(() => undefined);
    if (!how) {
      console.log(`not tested by ${way}: it is not allowed here`);
      return;
    }
    const { file, args } = how.wrap('/bin/sh', ['-c', 'id -un']);
    const { runToEnd } = await import('../../services/kit/process.ts');
    const { code, output } = await runToEnd({ file, args, cwd: '/', env: { PATH: '/usr/bin:/bin' } });
    expect({ code, output }).toEqual({ code: 0, output: 'nobody' });
  });
});
