/** The platform as a library. Types only grow; what is not exported here is private. */
export { Platform, type PlatformOptions, type PushRequest } from './platform.ts';
export type { PlatformEvent } from './events.ts';
export type { Diagnostic, Span } from './kernel/diagnostics.ts';
export { PaasError, type ErrorCode } from './kernel/errors.ts';
export type { AppManifest, Manifest } from './manifest/types.ts';
export type { AppPlan, Change, Plan } from './plan/types.ts';
export type { AppSnapshot, ServiceSnapshot, Snapshot } from './snapshot.ts';
