import type { ServiceType } from '../../services/kit/contract.ts';
import type { Guardian } from '../../services/kit/guardian.ts';
import type { RequestRecord } from '../router/types.ts';
import type { SpacePaths } from '../state/home.ts';
import type { RestartPolicy } from '../supervisor/types.ts';
import type { Prepared } from './prepared.ts';

/** With what a platform is made. */
export interface PlatformOptions {
  readonly paths: SpacePaths;
  readonly guardian: Guardian;
  /** Where database engines are looked for, as in PATH. */
  readonly searchPath?: string;
  readonly serviceTypes: readonly ServiceType[];
  /** Closed by whoever made it, after the platform. */
  readonly prepared?: Prepared;
  /** The front door's port; the next free one is taken unless `strictPorts`. 0 means any. */
  readonly port: number;
  /** As `port`, for HTTPS where that is asked for. */
  readonly tlsPort: number;
  readonly strictPorts: boolean;
  readonly policy?: RestartPolicy;
  /** From TERM to KILL, for apps. Default: 10 seconds, as on the platform. */
  readonly graceMs?: number;
  /** Its space is not used again: what is remembered of it stays in memory, and whoever made it removes its folders. */
  readonly temporary?: boolean;
  /** Services run on when no app needs them any more, until the platform closes. */
  readonly keepServices?: boolean;
  /** Servers that are not ours get a relay in front from the beginning; else with their first outage. */
  readonly relays?: boolean;
  /** Services of our own share this thread. */
  readonly sameThread?: boolean;
  /** Told of every request that went through the router. Must not throw. */
  readonly onRequest?: (record: RequestRecord) => void;
}
