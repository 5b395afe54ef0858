/** `snapshot-service`, `restore-service` and `delete-snapshot`: what a service holds now, kept and put back. */
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { mustConfirm } from '../render/confirm.ts';

/** A snapshot nobody gave a name. */
const UNNAMED = 'latest';

export interface RestoreServiceOptions extends CommonOptions {
  readonly force?: boolean;
}

/** `args` are SERVICE [SNAPSHOT]. */
export async function snapshotService(context: Context, args: readonly string[]): Promise<number> {
  const { terminal, json } = context;
  const { service, name } = named(args);
  using client = await connect(context, anyPort(context));
  const taken = await client.call('take-snapshot', { service, name });
  if (json) terminal.out(JSON.stringify({ service, snapshot: name, takenAt: taken.takenAt }));
  else {
    terminal.out(`Took snapshot ${name} of ${service}`);
    terminal.out(
      `\nTIP: 'paas-local restore-service ${args.join(' ')}' puts it back, until the service is stopped`,
    );
  }
  return 0;
}

/** What is in it now goes, so this asks first. @throws PaasError `USAGE` where nobody can confirm */
export async function restoreService(
  context: Context,
  args: readonly string[],
  options: RestoreServiceOptions,
): Promise<number> {
  const { terminal, json } = context;
  const { service, name } = named(args);
  using client = await connect(context, anyPort(context));
  await mustConfirm(context, {
    force: options.force,
    question: `Really put ${service} back to snapshot ${name}, and lose what it holds now?`,
    otherwise: 'Nothing was put back',
  });
  const { takenAt } = await client.call('restore-snapshot', { service, name });
  if (json) terminal.out(JSON.stringify({ service, snapshot: name, takenAt }));
  else terminal.out(`Put ${service} back to snapshot ${name} of ${new Date(takenAt).toISOString()}`);
  return 0;
}

export async function deleteSnapshot(context: Context, args: readonly string[]): Promise<number> {
  const { terminal, json } = context;
  const { service, name } = named(args);
  using client = await connect(context, anyPort(context));
  await client.call('delete-snapshot', { service, name });
  if (json) terminal.out(JSON.stringify({ service, deleted: name }));
  else terminal.out(`Deleted snapshot ${name} of ${service}`);
  return 0;
}

function named([service = '', name = UNNAMED]: readonly string[]) {
  return { service, name };
}
