import type { Guardian } from '../../services/kit/guardian.ts';
import type { Platform } from '../platform.ts';
import type { Timeline } from './timeline.ts';

/** What the parts of a test platform share. */
export interface Inside {
  readonly platform: Platform;
  readonly guardian: Guardian;
  readonly timeline: Timeline;
  /** Caches write down what is asked of them. */
  readonly recording: boolean;
  /** Services that are at a URL: not ours to change. */
  readonly bound: ReadonlySet<string>;
  /** That it was never stopped is said when this process ends: whoever started it has to. */
  readonly complains: boolean;
  /** `file:line:column` of the call that started it. */
  readonly startedAt: string;
  /** Where everything of it lies; removed at the end. */
  readonly folder: string;
  /** With HTTPS: the certificate of the authority that signs. */
  readonly caFile?: string;
  /** `http://127.0.0.1:PORT` of the router that knows all routes; `https:` where that was asked for. */
  readonly door: string;
  /** The platform. @throws PaasError `PLATFORM_STOPPED` */
  live(what: string): Platform;
  /** The failure with all there is to know in its message. */
  told(error: unknown): unknown;
}
