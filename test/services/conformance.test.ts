import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createConnection, createServer as listen } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SERVICE_TYPES } from '../../services/index.ts';
import type { ServiceContext, ServiceType } from '../../services/kit/contract.ts';
import { ServiceError } from '../../services/kit/service-error.ts';
import { missingEngines, serviceContext } from './helpers.ts';

const services = fileURLToPath(new URL('../../services', import.meta.url));

test('every folder of a type stands in the list, and the other way round', () => {
  const folders = readdirSync(services).filter(
    (name) => name !== 'kit' && statSync(join(services, name)).isDirectory(),
  );
  const imported = [
    ...readFileSync(join(services, 'index.ts'), 'utf8').matchAll(/from '\.\/([^/]+)\/index\.ts'/g),
  ];
  expect(imported.map(([, folder]) => folder).toSorted((a, b) => a!.localeCompare(b!))).toEqual(folders);
  const names = SERVICE_TYPES.map(({ type }) => type);
  expect(new Set(names).size).toBe(names.length);
});

const context = (type: ServiceType, port = 0): ServiceContext => ({
  ...serviceContext(type),
  port,
});

/** Starting a database takes longer than starting a cache, most of all on a busy machine. */
const LONG_MS = 240_000;

const missing = await missingEngines();

describe.each(SERVICE_TYPES.map((type) => [type.type, type] as const))('%s: what an app sees', (_, type) => {
  const options = type.readOptions({});
  test('is plain, stable JSON in both layouts', () => {
    const endpoint = { host: '127.0.0.1', port: 45_001, user: 'u', password: 'p', name: 'n' };
    for (const dialect of ['stackato', 'cloud-foundry'] as const) {
      const binding = type.bind(endpoint, dialect, options);
      expect(JSON.parse(JSON.stringify(binding))).toEqual(binding);
      expect(type.bind(endpoint, dialect, options)).toEqual(binding);
      if (!type.portless) expect(binding.credentials.port).toBe(45_001);
      expect(binding.label).toContain(type.type);
    }
  });

  test('options it does not know are refused with their place', () => {
    expect(() => type.readOptions({ nonsense: 1 })).toThrow(
      expect.objectContaining({ code: 'SERVICE_OPTIONS_INVALID', facts: { path: 'nonsense' } }),
    );
  });

  test('fresh identities differ', () => {
    expect(type.mint()).not.toEqual(type.mint());
  });
});

// `rabbitmq3` is `rabbitmq` under another name, on the same engine, which takes long to start.
const present = SERVICE_TYPES.filter(({ type }) => !missing.has(type) && type !== 'rabbitmq3');
const withoutPort = present.filter(({ portless }) => portless);
const withPort = present.filter(({ portless }) => !portless);

describe.each(withoutPort.map((type) => [type.type, type] as const))('%s', (_, type) => {
  const options = type.readOptions({});

  test('starts, tells what it is, is emptied, closes, and starts again', async () => {
    const here = context(type);
    for (const _life of [1, 2]) {
      const instance = await type.start(options, here);
      expect(instance.endpoint.port).toBe(0);
      expect(instance.engine).not.toBe('');
      await instance.stats();
      await instance.reset();
      await instance[Symbol.asyncDispose]();
    }
  });

  test('a start that is cut short ends', async () => {
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    await expect(type.start(options, { ...context(type), signal })).rejects.toThrow('no longer wanted');
  });
});

describe.each(withPort.map((type) => [type.type, type] as const))('%s', { timeout: LONG_MS }, (_, type) => {
  const options = type.readOptions({});

  test('starts, answers with figures, closes, and starts again on the same port', async () => {
    const first = await type.start(options, context(type));
    const { port } = first.endpoint;
    expect(port).toBeGreaterThan(0);
    expect(Object.keys(await first.stats()).length).toBeGreaterThan(0);
    expect(first.engine).not.toBe('');
    await first[Symbol.asyncDispose]();
    await expect(connects(port)).resolves.toBe(false);
    const second = await type.start(options, context(type, port));
    expect(second.endpoint.port).toBe(port);
    await second[Symbol.asyncDispose]();
  });

  test('refuses a taken port with the code, and leaves nothing behind', async () => {
    const blocker = listen().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    const failure = await type.start(options, context(type, port)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServiceError);
    expect(failure).toMatchObject({ code: 'SERVICE_PORT_TAKEN', facts: { port } });
    await new Promise((resolve) => blocker.close(resolve));
  });

  test('survives a client that vanishes in the middle of a request', async () => {
    const instance = await type.start(options, context(type));
    const { port } = instance.endpoint;
    const socket = createConnection({ port, host: '127.0.0.1' });
    await new Promise((resolve) => socket.write('set half 0 0 100\r\nabc', resolve));
    socket.resetAndDestroy();
    expect(Object.keys(await instance.stats()).length).toBeGreaterThan(0);
    await expect(connects(port)).resolves.toBe(true);
    await instance[Symbol.asyncDispose]();
  });

  test('a start that is cut short ends', async () => {
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    await expect(type.start(options, { ...context(type), signal })).rejects.toThrow();
  });
});

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
