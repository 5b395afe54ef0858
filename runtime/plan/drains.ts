/** Where an app's log lines go besides its own log: its drains, and the syslog drains of what it is bound to. Pure. */
import type { DrainRequest } from '../manifest/types.ts';
import type { AppPlan, ServicePlan } from './types.ts';

export interface DrainPlan extends DrainRequest {
  /** Who asked for it. */
  readonly from: 'manifest' | 'drain add' | 'service';
}

/** Of an app as it is run. */
export function drainsOf(
  plan: AppPlan,
  service: (name: string) => ServicePlan | undefined,
): readonly DrainPlan[] {
  return [
    ...plan.manifest.drains.map((drain) => ({ ...drain, from: 'manifest' as const })),
    ...(plan.drains ?? []).map((drain) => ({ ...drain, from: 'drain add' as const })),
    ...plan.bindings.flatMap((name) => {
      const url = syslogUrl(service(name));
      return url === undefined ? [] : [{ name, url, json: false, from: 'service' as const }];
    }),
  ];
}

/** A user-provided service may name one. */
function syslogUrl(service: ServicePlan | undefined): string | undefined {
  const { options } = service ?? {};
  if (typeof options !== 'object' || options === null || !('syslogDrainUrl' in options)) return undefined;
  return typeof options.syslogDrainUrl === 'string' ? options.syslogDrainUrl : undefined;
}
