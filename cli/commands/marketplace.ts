/** `marketplace`: the service types that can be had, or with `-e` the plans of one. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { suggest } from '../../runtime/kernel/suggest.ts';
import type { CommonOptions, Context } from '../context.ts';
import { table } from '../render/table.ts';

export interface MarketplaceOptions extends CommonOptions {
  /** Of this type only. */
  readonly offering?: string;
}

/** What stands where cf names the broker: all types are part of this program. */
export const BROKER = 'paas-local';

export async function marketplace(
  { terminal, json }: Context,
  { offering: wanted }: MarketplaceOptions,
): Promise<number> {
  const { SERVICE_TYPES } = await import('../../services/index.ts');
  const offerings = SERVICE_TYPES.map(({ type, versions, summary }) => ({
    offering: type,
    plans: ['free'],
    versions,
    description: summary,
  })).toSorted((a, b) => (a.offering < b.offering ? -1 : 1));
  if (wanted !== undefined) {
    const one = offerings.find(({ offering }) => offering === wanted);
    const known = offerings.map(({ offering }) => offering);
    if (!one) throw unknown(wanted, known);
    if (json) terminal.out(JSON.stringify({ offerings: [one] }));
    else {
      terminal.out(`Getting service plan information for service offering ${wanted}...\n`);
      terminal.out(`broker: ${BROKER}`);
      const header = ['   plan', 'description', 'free or paid', 'costs', 'available'];
      for (const line of table(header, [['   free', one.description, 'free', '', 'yes']])) terminal.out(line);
    }
    return 0;
  }
  if (json) {
    terminal.out(JSON.stringify({ offerings }));
    return 0;
  }
  terminal.out('Getting all service offerings from marketplace...\n');
  const rows = offerings.map((one) => [
    one.offering,
    one.plans.join(', '),
    one.description,
    BROKER,
    one.versions.join(', '),
  ]);
  for (const line of table(['offering', 'plans', 'description', 'broker', 'versions'], rows))
    terminal.out(line);
  terminal.out("\nTIP: Use 'paas-local marketplace -e SERVICE_OFFERING' to view its plans.");
  return 0;
}

function unknown(wanted: string, known: readonly string[]): PaasError {
  const meant = suggest(wanted, known);
  return new PaasError('USAGE', {
    message: `Cannot find a service offering "${wanted}"`,
    hint: meant === undefined ? `There are: ${known.join(', ')}` : `Did you mean "${meant}"?`,
  });
}
