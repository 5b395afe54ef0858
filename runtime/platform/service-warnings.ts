/** What an app should hear of the services it is bound to, given what it depends on. */
import type { ClientLanguage } from '../../services/kit/contract.ts';
import type { AppPlan } from '../plan/types.ts';
import type { Nodes } from './nodes.ts';
import type { ServiceRecords } from './service-records.ts';

export type DependsOn = (language: ClientLanguage, name: string) => boolean;

export function serviceWarnings(
  app: AppPlan,
  dependsOn: DependsOn,
  { records, nodes }: { readonly records: ServiceRecords; readonly nodes: Nodes },
): readonly string[] {
  return app.bindings.flatMap((name) => {
    const record = records.get(name);
    if (!record || record.external !== undefined) return [];
    const type = records.typeOf(record.plan);
    const warnings = type.warnings?.(record.plan.options, nodes.of(type) ?? {}, dependsOn) ?? [];
    return warnings.map((text) => `service "${name}": ${text}`);
  });
}
