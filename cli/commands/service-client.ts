/** `service NAME --connect`, `dbshell` and `dbexport`: the engine's own programs, pointed at a service. */
import { constants } from 'node:os';
import { runInForeground } from '../../services/kit/foreground.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { connect } from '../connect.ts';
import { anyPort, type Context } from '../context.ts';
import { showEvents } from '../render/reporter.ts';
import { remembered } from '../remembered.ts';

/** Types whose engine has a shell, in the platform's words. */
const WITH_SHELL = ['mysql', 'postgresql', 'redis', 'mongodb'];
const WITH_EXPORT = ['mysql', 'postgresql'];

/** `dbshell`: without a name the one service that has a shell. Reads statements from a pipe as well. */
export function dbshell(context: Context, words: readonly string[]): Promise<number> {
  return runClient(context, chooseService(context, words, WITH_SHELL), 'client');
}

/** `dbexport`: the content as statements, on standard output. */
export function dbexport(context: Context, words: readonly string[]): Promise<number> {
  return runClient(context, chooseService(context, words, WITH_EXPORT), 'exporter');
}

/** @returns the program's exit code, 128 and the signal's number for one that was ended by a signal */
export async function runClient(
  context: Context,
  name: string,
  purpose: 'client' | 'exporter',
): Promise<number> {
  const { terminal } = context;
  if (context.json) {
    throw new PaasError('USAGE', { message: 'Cannot print JSON: what the program prints is the output' });
  }
  using client = await connect(context, anyPort(context));
  showEvents(client, { terminal: { ...terminal, out: (line) => terminal.err(line) }, json: false });
  const { file, args, env } = await client.call('borrow-service', { name, purpose });
  client.onEvent = () => {};
  const own = Object.fromEntries(
    Object.entries(context.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const { code, signal } = await runInForeground({ file, args, cwd: context.cwd, env: { ...own, ...env } });
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** `[app] [service]`: the last word that names a service; else the only one there is, of the app if one was named. */
function chooseService(context: Context, words: readonly string[], types: readonly string[]): string {
  const record = remembered(context);
  const named = words.at(-1);
  if (named !== undefined && record.services[named]) return named;
  const app = words.length > 0 ? record.apps[words[0]!] : undefined;
  if (words.length > 1 || (words.length === 1 && !app)) {
    throw new PaasError('SERVICE_NOT_FOUND', { service: named!, known: Object.keys(record.services) });
  }
  const bound = app ? app.plan.bindings : Object.keys(record.services);
  const fitting = bound.filter((name) => types.includes(record.services[name]?.plan.type ?? ''));
  if (fitting.length === 1) return fitting[0]!;
  throw new PaasError('USAGE', {
    message:
      fitting.length === 0
        ? `There is no service of type ${types.join(', ')} here`
        : `Cannot tell which service is meant: ${fitting.join(', ')}`,
    hint: fitting.length === 0 ? 'See: paas-local services' : 'Name it',
  });
}
