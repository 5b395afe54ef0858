/** `marketplace`: the service types that can be had. */
import type { Context } from '../context.ts';
import { table } from '../render/table.ts';

export async function marketplace({ terminal, json }: Context): Promise<number> {
  const { SERVICE_TYPES } = await import('../../services/index.ts');
  const offerings = SERVICE_TYPES.map(({ type, versions, summary }) => ({
    offering: type,
    plans: ['free'],
    versions,
    description: summary,
  })).toSorted((a, b) => (a.offering < b.offering ? -1 : 1));
  if (json) {
    terminal.out(JSON.stringify({ offerings }));
    return 0;
  }
  terminal.out('Getting all service offerings from marketplace...\n');
  const rows = offerings.map((one) => [
    one.offering,
    one.plans.join(', '),
    one.description,
    one.versions.join(', '),
  ]);
  for (const line of table(['offering', 'plans', 'description', 'versions'], rows)) terminal.out(line);
  return 0;
}
