/**
 * What host and command line say to each other: one JSON value per line over a socket only the user can open.
 * A request has one object in and one out; what happens meanwhile comes as events.
 */
import type { EnvVariable } from '../env/types.ts';
import type { PlatformEvent } from '../events.ts';
import type { ErrorJson } from '../kernel/errors.ts';
import type { LogLine } from '../logs/types.ts';
import type { ClientPurpose, ReadyProgram } from '../platform/service-client.ts';
import type { ActiveFault, AnyFault } from '../platform/fault.ts';
import type { PushRequest } from '../platform.ts';
import type { DrainRequest } from '../manifest/types.ts';
import type { DrainPlan } from '../plan/drains.ts';
import type { ChecksByHand, HealthPlan, ScaleByHand } from '../plan/types.ts';
import type { Restored } from '../platform/after-host.ts';
import type { InstanceName } from '../platform/app-commands.ts';
import type { AppEvent } from '../platform/app-events.ts';
import type { Strategy } from '../platform/changes.ts';
import type { ManifestReading } from '../platform/read-source.ts';
import type { AppSnapshot, InstanceUsage, KeptSnapshot, ServiceSnapshot, Snapshot } from '../snapshot.ts';
import type { NewService } from '../platform/service-changes.ts';
import type { TaskRequest } from '../platform/tasks.ts';
import type { ManifestSource, TaskRecord } from '../state/record.ts';
import type { Connection } from './connection.ts';
import type { Dialect, NodeConfig } from '../../services/kit/contract.ts';
import type { Json } from '../../services/kit/json.ts';

/** A manifest of the largest accepted size fits several times. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface Methods {
  /** First on every connection: a host of another version refuses to go on. What will be asked may be told before. */
  hello: { params: { version: string; coming?: 'push' }; result: { version: string; pid: number } };
  /** The manifest as this shell would read it. With `canAsk`, null where the user must be asked first. */
  read: {
    params: { source: ManifestSource; shellEnv: Readonly<Record<string, string>>; canAsk: boolean };
    result: { reading: ManifestReading | null };
  };
  /** Resolves when all apps are healthy. Without `detached` the connection holds a lease on the apps. */
  push: {
    params: PushRequest;
    result: { apps: readonly AppSnapshot[]; snapshot: Snapshot; heldElsewhere: readonly HeldElsewhere[] };
  };
  start: { params: { app: string }; result: { app: AppSnapshot } };
  /** Starts what should run after an earlier host was killed, or the machine was. */
  restore: { params: Record<string, never>; result: Restored };
  restart: { params: { app: string; strategy?: Strategy }; result: { app: AppSnapshot } };
  restage: { params: { app: string; strategy?: Strategy }; result: { app: AppSnapshot } };
  'restart-instance': {
    params: { app: string; process: string; index: number };
    result: { app: AppSnapshot };
  };
  scale: { params: { app: string; process: string; wanted: ScaleByHand }; result: { app: AppSnapshot } };
  /** Without `restart` a Stackato app that runs is restarted and a Cloud Foundry one is not, as there. */
  'set-env': {
    params: {
      app: string;
      set: Readonly<Record<string, string>>;
      unset: readonly string[];
      restart?: boolean;
    };
    /** `missing`: those to be unset that were not set. */
    result: { app: AppSnapshot; restarted: boolean; missing: readonly string[] };
  };
  /** Routes without scheme and port. */
  'map-route': { params: { app: string; routes: readonly string[] }; result: { app: AppSnapshot } };
  'unmap-route': { params: { app: string; routes: readonly string[] }; result: { app: AppSnapshot } };
  /** Takes effect at the next start. */
  'set-health-check': {
    params: { app: string; process: string; check: keyof ChecksByHand; wanted: Partial<HealthPlan> };
    result: Record<string, never>;
  };
  /** The answer tells all there are. */
  drains: { params: { app: string }; result: { drains: readonly DrainPlan[] } };
  'add-drain': { params: { app: string; drain: DrainRequest }; result: { drains: readonly DrainPlan[] } };
  'delete-drain': { params: { app: string; name: string }; result: { drains: readonly DrainPlan[] } };
  /** With `wait` the answer comes when the task has ended. */
  'run-task': { params: { app: string; task: TaskRequest; wait: boolean }; result: { task: TaskRecord } };
  /** Newest first. */
  tasks: { params: { app: string }; result: { tasks: readonly TaskRecord[] } };
  'terminate-task': { params: { app: string; task: number }; result: { task: TaskRecord } };
  /**
   * How to run a program in an app's environment. Its services stay up until the connection closes; what still
   * runs of the program then is ended.
   */
  borrow: { params: { app: string; instance?: InstanceName }; result: Borrowed };
  /** A program of the engine's own, to be run in the terminal; the service is kept up until the connection closes. */
  'borrow-service': { params: { name: string; purpose: ClientPurpose }; result: ReadyProgram };
  /** With all its data. */
  'delete-service': { params: { name: string }; result: Record<string, never> };
  'reset-service': { params: { name: string }; result: Record<string, never> };
  /** Takes the place of an earlier one of that name. */
  'take-snapshot': { params: NamedSnapshot; result: KeptSnapshot };
  'restore-snapshot': { params: NamedSnapshot; result: KeptSnapshot };
  'delete-snapshot': { params: NamedSnapshot; result: Record<string, never> };
  /** `created` is false where there is one of that name and type already. */
  'create-service': { params: NewService; result: { created: boolean } };
  'update-service': {
    params: { name: string; parameters?: Json; tags?: readonly string[] };
    result: Record<string, never>;
  };
  'rename-service': { params: { from: string; to: string }; result: Record<string, never> };
  /** A Stackato app that runs is restarted for it. `changed` is false where it was so already. */
  'bind-service': { params: { app: string; service: string }; result: Bound };
  'unbind-service': { params: { app: string; service: string }; result: Bound };
  /** The latest events of an app, oldest first. */
  events: { params: { app: string; count: number }; result: { events: readonly AppEvent[] } };
  /** What its instances take, measured for a fifth of a second. */
  stats: { params: { app: string }; result: { app: AppSnapshot; usage: readonly InstanceUsage[] } };
  /** `lease`: only this connection's hold ends; the app stops if it was the last. */
  stop: { params: { app: string; lease?: boolean }; result: { stopped: boolean; heldBy: number } };
  /** `lease` as with `stop`: an app that somebody else holds lives on. */
  kill: { params: { app: string; lease?: boolean }; result: Record<string, never> };
  delete: { params: { app: string }; result: Record<string, never> };
  snapshot: { params: Record<string, never>; result: Snapshot };
  env: {
    params: { app: string; process?: string };
    result: { system: readonly EnvVariable[]; user: readonly EnvVariable[] };
  };
  service: { params: { name: string }; result: ServiceDetails };
  /** A unix socket on which the service speaks its own protocol without a login. */
  console: { params: { name: string }; result: { path: string } };
  nodeConfig: { params: { component?: string }; result: { config: Readonly<Record<string, NodeConfig>> } };
  /** Without `value` it is taken back. `read` tells whether anything here looks at it. */
  setNodeConfig: {
    params: { component: string; path: string; value?: Json; force?: boolean };
    result: { read: boolean };
  };
  restartNode: { params: { component: string }; result: { services: readonly string[] } };
  /** Lines in memory; with `follow`, later ones come as events. */
  logs: { params: { owner: string; count: number; follow: boolean }; result: { lines: readonly LogLine[] } };
  /** Everything stops, and nothing comes back by itself. */
  /** `forMs`: ends by itself. */
  fault: { params: { target: string; fault: AnyFault; forMs?: number }; result: { count: number } };
  faults: { params: Record<string, never>; result: { faults: readonly ActiveFault[] } };
  /** Without a target all of them. */
  'clear-faults': { params: { target?: string }; result: Record<string, never> };
  shutdown: { params: Record<string, never>; result: Record<string, never> };
}

export interface Bound {
  readonly app: AppSnapshot;
  readonly changed: boolean;
  readonly restarted: boolean;
}

export type { InstanceName };

/** Of what a service held. */
export interface NamedSnapshot {
  readonly service: string;
  readonly name: string;
}

export interface Borrowed {
  readonly dialect: Dialect;
  readonly shell: string;
  /** The app's folder. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Shell text on top of `env`, in the Stackato dialect. */
  readonly exports: readonly EnvVariable[];
}

export interface ServiceDetails {
  readonly service: ServiceSnapshot;
  readonly credentials: Readonly<Record<string, Json>>;
  readonly stats: Readonly<Record<string, string | number>>;
  /** What is in it, a line each, for the types that tell. */
  readonly contents: readonly string[];
}

export type Method = keyof Methods;

/** How each method is answered. */
export type Handlers = {
  readonly [M in Method]: (
    params: Methods[M]['params'],
    connection: Connection,
    signal: AbortSignal,
  ) => Promise<Methods[M]['result']>;
};

export interface RequestMessage {
  readonly id: number;
  readonly method: Method;
  readonly params: unknown;
}

/** An app that outlives this push: by `detached` an earlier one with --detach, else by one in another terminal. */
export interface HeldElsewhere {
  readonly app: string;
  readonly detached: boolean;
}

export type ServerMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorJson }
  | { readonly event: PlatformEvent }
  /** A slow reader lost this many events. */
  | { readonly dropped: number }
  /** The last one: the host was asked to end, and all apps with it. */
  | { readonly farewell: true };
