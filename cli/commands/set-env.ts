/** `set-env`, `unset-env` and Stackato's `env-add`, `env-del`: variables set by hand, over the manifest's. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { showEvents } from '../render/reporter.ts';
import { oneApp } from '../which-app.ts';

export interface SetEnvOptions extends CommonOptions {
  readonly restart?: boolean;
}

/** `args` are APP NAME VALUE; without the app, the manifest's. */
export async function setEnv(
  context: Context,
  args: readonly string[],
  options: SetEnvOptions,
): Promise<number> {
  const [given, name, value] = args.length === 2 ? [undefined, ...args] : args;
  if (name === undefined || value === undefined || args.length > 3)
    throw new PaasError('USAGE', { message: 'Cannot tell what to set: write [APP] NAME VALUE' });
  return change(context, given, { set: { [name]: value }, unset: [] }, options);
}

/** `args` are APP NAME; without the app, the manifest's. */
export async function unsetEnv(
  context: Context,
  args: readonly string[],
  options: SetEnvOptions,
): Promise<number> {
  const [given, name] = args.length === 1 ? [undefined, args[0]] : args;
  if (name === undefined || args.length > 2)
    throw new PaasError('USAGE', { message: 'Cannot tell what to unset: write [APP] NAME' });
  return change(context, given, { set: {}, unset: [name] }, options);
}

async function change(
  context: Context,
  given: string | undefined,
  wanted: { readonly set: Readonly<Record<string, string>>; readonly unset: readonly string[] },
  { restart }: SetEnvOptions,
): Promise<number> {
  const { terminal, json } = context;
  const app = await oneApp(context, given);
  using client = await connect(context, anyPort(context));
  showEvents(client, context);
  const result = await client.call('set-env', {
    app,
    ...wanted,
    ...(restart === undefined ? {} : { restart }),
  });
  if (json) {
    const { restarted, missing } = result;
    terminal.out(
      JSON.stringify({ app, set: Object.keys(wanted.set), unset: wanted.unset, restarted, missing }),
    );
    return 0;
  }
  for (const name of result.missing) terminal.out(`Env variable ${name} was not set.`);
  terminal.out('OK');
  const runs = result.app.requestedState === 'started';
  if (runs && !result.restarted && result.missing.length === 0)
    terminal.out(`\nTIP: Use 'paas-local restart ${app}' to ensure your env variable changes take effect`);
  return 0;
}
