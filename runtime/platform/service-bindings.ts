/** What an app sees of the services it is bound to. Needs none of them to run. */
import { createHash } from 'node:crypto';
import type { BoundService } from '../env/types.ts';
import type { AppPlan } from '../plan/types.ts';
import type { ServiceRecords } from './service-records.ts';

/** In binding order; without those that are missing. */
export function boundServices(
  app: AppPlan,
  appId: string,
  records: ServiceRecords,
  missing: (name: string) => boolean,
): readonly BoundService[] {
  return app.bindings.flatMap((name) => {
    const record = records.get(name);
    if (!record || missing(name)) return [];
    const { plan } = record;
    const binding = records.typeOf(plan).bind(records.endpoint(record), app.dialect, plan.options);
    const request = app.manifest.services.find((service) => service.name === name);
    return [
      {
        name,
        type: plan.type,
        instanceId: record.id,
        bindingId: stableUuid(`${appId} ${record.id}`),
        ...(request?.bindingName === undefined ? {} : { bindingName: request.bindingName }),
        binding: { ...binding, tags: [...new Set([...binding.tags, ...plan.tags])] },
      },
    ];
  });
}

/** The same text gives the same UUID, so a binding keeps its id without being remembered. */
function stableUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
