/**
 * A platform for tests: private, on ports of its own, in the process of whoever starts it, for any test runner.
 * Touches no global: no variable, no folder, no signal handler. Types only grow; what is not exported here is private.
 */
import { access } from 'node:fs/promises';
import { PaasError } from '../kernel/errors.ts';
import type { StartOptions } from './options.ts';
import { start } from './start.ts';
import type { TestPlatform } from './test-platform.ts';
import { callerOf } from './told.ts';

export { PaasError, type ErrorCode } from '../kernel/errors.ts';
export type { CacheItem, CacheItemOptions, RecordedCommand } from '../../services/kit/cache-handle.ts';
export type { LogLine } from '../logs/types.ts';
export type { PlatformEvent } from '../events.ts';
export type { AnyFault } from '../platform/fault.ts';
export type { AppState, InstanceSnapshot } from '../snapshot.ts';
export type { FetchOptions } from './fetch.ts';
export type { ManifestObject, ServiceOverride, StartOptions } from './options.ts';
export type { ExecOptions, ExecResult, TestApp } from './test-app.ts';
export type { TestLogs, WaitOptions } from './test-logs.ts';
export type { DataSnapshot, TestPlatform } from './test-platform.ts';
export type { TestRouter } from './test-router.ts';
export type { TestService } from './test-service.ts';
export type { RecordedRequest, TimedEvent } from './timeline.ts';

/**
 * Starts what a manifest asks for, and resolves when all of it is ready.
 * @throws PaasError whose message has what failed, where, the last log lines and the next step
 * @example
 * await using platform = await startPlatform({ folder: 'examples/hello-cache' });
 * const answer = await platform.fetch('/');
 */
export async function startPlatform(options: StartOptions = {}): Promise<TestPlatform> {
  try {
    const { platform } = await start(options, { startedAt: callerOf(startPlatform) });
    return platform;
  } catch (error) {
    if (!(error instanceof PaasError)) throw error;
    // It is about the call, not about us: Node shows the line at which the stack of what nobody caught begins. What goes
    // on after a look at a file goes on below no function of Node's, which would be that line else.
    await access('/').catch(() => {});
    Error.captureStackTrace(error, startPlatform);
    throw error;
  }
}
