/** `env`: the environment an app is started with, each variable with its origin under `--why`. */
import type { EnvVariable } from '../../runtime/env/types.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { harmless } from '../render/terminal.ts';
import { oneApp } from '../which-app.ts';

export interface EnvOptions extends CommonOptions {
  readonly why?: boolean;
  readonly process?: string;
}

export async function env(context: Context, name: string | undefined, options: EnvOptions): Promise<number> {
  const { terminal, json } = context;
  const app = await oneApp(context, name);
  using client = await connect(context, anyPort(context));
  const { system, user } = await client.call('env', {
    app,
    ...(options.process ? { process: options.process } : {}),
  });
  if (json) {
    terminal.out(JSON.stringify({ app, system, user }));
    return 0;
  }
  terminal.out(`Getting env variables for app ${app} in space ${context.paths.name}...\n`);
  const line = (variable: EnvVariable) => {
    const value = variable.hidden ? '*****' : harmless(variable.value, false);
    const why = options.why ? `   ${terminal.paint.dim(`# ${variable.origin}`)}` : '';
    terminal.out(`${terminal.paint.bold(variable.name)}: ${value}${why}`);
  };
  terminal.out('System-Provided:');
  for (const variable of byName(system)) line(variable);
  terminal.out(user.length > 0 ? '\nUser-Provided:' : '\nNo user-provided env variables have been set');
  for (const variable of byName(user)) line(variable);
  return 0;
}

const byName = (variables: readonly EnvVariable[]) =>
  variables.toSorted((a, b) => (a.name < b.name ? -1 : 1));
