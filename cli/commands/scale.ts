/** `scale` and `restart-app-instance`: how many instances, how large, and one of them anew. */
import { formatSize } from '../../runtime/kernel/bytes.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { pairs } from '../render/table.ts';
import { showEvents } from '../render/reporter.ts';
import { limitOption } from '../limit-option.ts';
import { oneApp } from '../which-app.ts';
import { countRunning, listApps } from './apps.ts';

export interface ScaleOptions extends CommonOptions {
  readonly instances?: string;
  readonly memory?: string;
  readonly disk?: string;
  readonly process: string;
}

export interface RestartInstanceOptions extends CommonOptions {
  readonly process: string;
}

export async function scale(
  context: Context,
  name: string | undefined,
  options: ScaleOptions,
): Promise<number> {
  const { terminal, json } = context;
  const app = await oneApp(context, name);
  const { process } = options;
  if (options.instances === undefined && options.memory === undefined && options.disk === undefined)
    return show(context, app);
  using client = await connect(context, anyPort(context));
  showEvents(client, context);
  const current = (await client.call('snapshot', {})).apps.find((one) => one.name === app);
  const wanted = {
    ...instancesWanted(options.instances, current, process),
    ...(options.memory === undefined ? {} : { memoryBytes: limitOption('a memory limit', options.memory) }),
    ...(options.disk === undefined ? {} : { diskBytes: limitOption('a disk limit', options.disk) }),
  };
  const { app: scaled } = await client.call('scale', { app, process, wanted });
  if (json) terminal.out(JSON.stringify({ app: scaled }));
  else terminal.out(`${app} has ${sizes(scaled)}`);
  return 0;
}

export async function restartInstance(
  context: Context,
  given: readonly string[],
  options: RestartInstanceOptions,
): Promise<number> {
  const { terminal, json } = context;
  const [name, text] = given.length > 1 ? given : [undefined, given[0]];
  const index = Number(text);
  if (!Number.isInteger(index) || index < 0)
    throw new PaasError('USAGE', { message: `Cannot use "${text}" as the index of an instance` });
  const app = await oneApp(context, name);
  using client = await connect(context, anyPort(context));
  showEvents(client, context);
  const { process } = options;
  const { app: after } = await client.call('restart-instance', { app, process, index });
  if (json) terminal.out(JSON.stringify({ app: after }));
  else terminal.out(`Instance ${index} of process ${process} of ${app} runs again`);
  return 0;
}

async function show(context: Context, name: string): Promise<number> {
  const { terminal, json } = context;
  const all = await listApps(context);
  const app = all.find((one) => one.name === name);
  if (!app) throw new PaasError('APP_NOT_FOUND', { app: name, known: all.map((one) => one.name) });
  if (json) {
    const processes = app.processes.map(({ type, wanted, memoryBytes, diskBytes }) => ({
      type,
      instances: wanted,
      memoryBytes,
      diskBytes,
    }));
    terminal.out(JSON.stringify({ app: name, processes }));
    return 0;
  }
  terminal.out(`Showing current scale of app ${name} in space ${context.paths.name}...`);
  for (const process of app.processes) {
    terminal.out('');
    for (const line of pairs([
      ['type', process.type],
      ['instances', countRunning(process)],
      ['memory', formatSize(process.memoryBytes)],
      ['disk', formatSize(process.diskBytes)],
    ]))
      terminal.out(line);
  }
  return 0;
}

/** `3`, or Stackato's `+1` and `-1`, which count from what is wanted now. */
function instancesWanted(
  text: string | undefined,
  app: AppSnapshot | undefined,
  type: string,
): { readonly instances?: number } {
  if (text === undefined) return {};
  const now = app?.processes.find((process) => process.type === type)?.wanted ?? 0;
  const instances = /^[+-]\d+$/.test(text) ? now + Number(text) : /^\d+$/.test(text) ? Number(text) : -1;
  if (instances >= 0) return { instances };
  throw new PaasError('USAGE', {
    message: `Cannot use "${text}" as a number of instances`,
    hint: 'Write a whole number, or +N or -N to count from how many there are',
  });
}

const sizes = (app: AppSnapshot): string =>
  app.processes.map((one) => `${one.type}:${countRunning(one)} of ${formatSize(one.memoryBytes)}`).join(', ');
