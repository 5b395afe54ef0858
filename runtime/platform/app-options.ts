import type { Guardian } from '../../services/kit/guardian.ts';
import type { BoundService } from '../env/types.ts';
import type { PlatformEvent } from '../events.ts';
import type { AppPlan } from '../plan/types.ts';
import type { SpacePaths } from '../state/home.ts';
import type { SpaceRecord } from '../state/record.ts';
import type { RestartPolicy } from '../supervisor/types.ts';

/** What one app needs of the platform that holds it. */
export interface AppOptions {
  readonly paths: SpacePaths;
  readonly shell: string;
  readonly guardian: Guardian;
  readonly policy: RestartPolicy;
  readonly graceMs: number;
  readonly report: (event: PlatformEvent) => void;
  readonly space: () => SpaceRecord;
  readonly services: (app: AppPlan, id: string) => readonly BoundService[];
  /** Starts the services the app is bound to. */
  readonly startServices: (app: AppPlan, signal: AbortSignal) => Promise<void>;
  /** Something about routes changed. */
  readonly routesChanged: () => void;
  readonly drained: (instanceId: string, boundMs: number) => Promise<void>;
  /** `tls`: those of HTTPS come first. */
  readonly urls: (app: AppPlan, tls: boolean) => readonly string[];
  /** Whether all folders of the space are about to be removed at once, by its owner. */
  readonly foldersGoTogether: () => boolean;
}

/** Where apps listen, and are told to. */
export const HOST = '127.0.0.1';
