/** `delete-service` and `reset-service`: what ends the data of an instance, and so asks first. */
import { partition } from '../../runtime/kernel/partition.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { remembered } from '../remembered.ts';
import { mustConfirm } from '../render/confirm.ts';

export interface DeleteServiceOptions extends CommonOptions {
  readonly force?: boolean;
}

/** Ends instances and removes their data for good. */
export async function deleteService(
  context: Context,
  names: readonly string[],
  options: DeleteServiceOptions,
): Promise<number> {
  const known = Object.keys(remembered(context).services);
  // As with cf, what `-f` does not find is gone already.
  const [present, gone] = options.force ? partition(names, (name) => known.includes(name)) : [names, []];
  await sure(context, present, options, 'delete');
  if (present.length > 0) {
    using client = await connect(context, anyPort(context));
    for (const name of present) await client.call('delete-service', { name });
  }
  if (context.json) context.terminal.out(JSON.stringify({ deleted: present }));
  else {
    for (const name of gone) context.terminal.out(`Service instance '${name}' does not exist.\nOK`);
    if (present.length > 0) context.terminal.out(`Deleted ${present.join(', ')} with all data`);
  }
  return 0;
}

/** Empties instances; apps stay connected. */
export async function resetService(
  context: Context,
  names: readonly string[],
  options: DeleteServiceOptions,
): Promise<number> {
  await sure(context, names, options, 'empty');
  using client = await connect(context, anyPort(context));
  for (const name of names) await client.call('reset-service', { name });
  if (context.json) context.terminal.out(JSON.stringify({ emptied: names }));
  else context.terminal.out(`Emptied ${names.join(', ')}`);
  return 0;
}

/**
 * Asks on a terminal; without one, only `-f` goes on.
 * @throws PaasError `SERVICE_NOT_FOUND`, `USAGE`
 */
async function sure(
  context: Context,
  names: readonly string[],
  { force }: DeleteServiceOptions,
  verb: 'delete' | 'empty',
): Promise<void> {
  const known = Object.keys(remembered(context).services);
  const missing = names.find((name) => !known.includes(name));
  if (missing !== undefined) throw new PaasError('SERVICE_NOT_FOUND', { service: missing, known });
  await mustConfirm(context, {
    force,
    question: `Really ${verb} ${names.join(', ')}, with all data in it?`,
    otherwise: verb === 'delete' ? 'Nothing was deleted' : 'Nothing was emptied',
  });
}
