/** Service instances for tests: contexts that clean up after themselves, and which engines this machine has. */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished } from 'vitest';
import { rmSync } from 'node:fs';
import { ADD_ONS } from '../../services/add-ons/index.ts';
import { SERVICE_TYPES } from '../../services/index.ts';
import type { ServiceContext, ServiceInstance, ServiceType } from '../../services/kit/contract.ts';
import { startGuardian, type Guardian } from '../../services/kit/guardian.ts';
import { findMarked, RUN_VARIABLE } from '../../services/kit/marked.ts';
import { ENGINE_PATH } from '../helpers/engine-path.ts';
import { tempDir } from '../helpers/temp-dir.ts';

/** One for all tests of a file, so that a template is made once. */
const cacheDir = join(tmpdir(), `paas-local-engines-${randomUUID()}`);
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

export function serviceContext(
  type: ServiceType,
  more: Partial<ServiceContext> = {},
): ServiceContext & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    ...type.mint(),
    serviceName: 'under-test',
    host: '127.0.0.1',
    port: 0,
    dataDir: join(tempDir(), 'data'),
    cacheDir,
    searchPath: ENGINE_PATH,
    log: (text) => lines.push(text),
    lines,
    ...more,
  };
}

/** A running instance, stopped with the test; nothing of it may live then. */
export async function startService(type: ServiceType, context: ServiceContext): Promise<ServiceInstance> {
  const guardian = await testGuardian();
  const instance = await type.start(type.readOptions({}), { ...context, guardian });
  onTestFinished(() => instance[Symbol.asyncDispose]());
  return instance;
}

export async function testGuardian(): Promise<Guardian> {
  const runId = `test-${randomUUID()}`;
  const guardian = await startGuardian({ runId });
  onTestFinished(async () => {
    await guardian.close();
    expect(findMarked(RUN_VARIABLE, runId), 'nothing of it lives').toEqual([]);
  });
  return guardian;
}

/** Types whose engine is not here, with the reason printed. Under CI all of them must be. */
export async function missingEngines(): Promise<ReadonlyMap<string, string>> {
  const missing = new Map(ADD_ONS.map(({ type }) => [type, 'an add-on that is not started here']));
  for (const type of SERVICE_TYPES) {
    const report = await type.engines?.({ searchPath: ENGINE_PATH });
    if (!report || report.found.some(({ problem }) => problem === undefined)) continue;
    console.log(`${type.type} is not tested with an engine: there is no ${report.product} here`);
    missing.set(type.type, `no ${report.product}`);
  }
  return missing;
}
