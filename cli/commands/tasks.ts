/** `run-task`, `tasks`, `terminate-task`: one-off commands that the platform runs beside an app. */
import { EXIT, PaasError } from '../../runtime/kernel/errors.ts';
import { type TaskRecord } from '../../runtime/state/record.ts';
import { connect, connectIfRunning } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { showEvents } from '../render/reporter.ts';
import { pairs, table } from '../render/table.ts';
import { harmless } from '../render/terminal.ts';
import { limitOption } from '../limit-option.ts';
import { knownApp, oneApp } from '../which-app.ts';
import { remembered } from '../remembered.ts';

export interface RunTaskOptions extends CommonOptions {
  readonly command?: string;
  readonly name?: string;
  readonly memory?: string;
  readonly process?: string;
  readonly wait?: boolean;
}

/** The command is the option of that name, or the words after the app (cf before version 7). */
export async function runTask(
  context: Context,
  args: readonly string[],
  options: RunTaskOptions,
): Promise<number> {
  const { terminal, json } = context;
  const { name, process, wait = false } = options;
  const app = await oneApp(context, args[0]);
  const command = options.command ?? (args.length > 1 ? args.slice(1).join(' ') : undefined);
  if (command === undefined)
    throw new PaasError('USAGE', {
      message: 'Cannot run a task without a command',
      hint: `Write it after the app: paas-local run-task ${app} --command "rake db:migrate"`,
    });
  const memoryBytes =
    options.memory === undefined ? undefined : limitOption('a memory limit', options.memory);
  using client = await connect(context, anyPort(context));
  showEvents(client, context);
  const request = {
    command,
    ...(name === undefined ? {} : { name }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(process === undefined ? {} : { process }),
  };
  const { task } = await client.call('run-task', { app, task: request, wait });
  if (json) terminal.out(JSON.stringify({ app, task }));
  else {
    terminal.out(
      wait ? `Task ${task.sequence} has ended: ${task.state}` : 'Task has been submitted successfully',
    );
    terminal.out(`task name:   ${task.name}\ntask id:     ${task.sequence}`);
    if (!wait) terminal.out(`\nIts output: paas-local logs ${app} --source APP/TASK/${task.name}`);
  }
  return wait && task.state === 'FAILED' ? EXIT.unexpected : EXIT.ok;
}

export async function tasks(context: Context, name: string | undefined): Promise<number> {
  const { terminal, json, paths } = context;
  const app = await oneApp(context, name);
  const listed = await list(context, app);
  if (json) {
    terminal.out(JSON.stringify({ app, tasks: listed }));
    return 0;
  }
  terminal.out(`Getting tasks for app ${app} in space ${paths.name}...\n`);
  if (listed.length === 0) {
    terminal.out('No tasks found for application.');
    return 0;
  }
  const rows = listed.map((task) => [
    String(task.sequence),
    task.name,
    task.state,
    startTime(task),
    harmless(task.command, false),
  ]);
  for (const line of table(['id', 'name', 'state', 'start time', 'command'], rows)) terminal.out(line);
  return 0;
}

export async function showTask(context: Context, args: readonly string[]): Promise<number> {
  const { terminal, json, paths } = context;
  const { app, id } = await whichTask(context, args);
  const task = (await list(context, app)).find(({ sequence }) => sequence === id);
  if (!task) throw new PaasError('TASK_NOT_FOUND', { app, task: id });
  if (json) {
    terminal.out(JSON.stringify({ app, task }));
    return 0;
  }
  terminal.out(`Getting task ${id} for app ${app} in space ${paths.name}...\n`);
  for (const line of pairs([
    ['id', String(task.sequence)],
    ['name', task.name],
    ['state', task.state],
    ['start time', startTime(task)],
    ['command', harmless(task.command, false)],
    ...(task.failureReason === undefined ? [] : [['failure reason', task.failureReason] as const]),
  ]))
    terminal.out(line);
  return 0;
}

export async function terminateTask(context: Context, args: readonly string[]): Promise<number> {
  const { terminal, json } = context;
  const { app, id } = await whichTask(context, args);
  using client = await connect(context, anyPort(context));
  const { task } = await client.call('terminate-task', { app, task: id });
  terminal.out(json ? JSON.stringify({ app, task }) : 'OK');
  return 0;
}

/** `args` are APP ID; without the app, the manifest's. @throws PaasError `USAGE` */
async function whichTask(context: Context, args: readonly string[]) {
  const [given, text] = args.length === 1 ? [undefined, args[0]] : args;
  const id = Number(text);
  if (!Number.isInteger(id) || id < 1)
    throw new PaasError('USAGE', {
      message: `Cannot use "${text}" as the id of a task`,
      hint: 'It is the number that "paas-local tasks" shows first',
    });
  return { app: await oneApp(context, given), id };
}

const startTime = ({ startedAt }: TaskRecord): string =>
  new Date(startedAt).toUTCString().replace('GMT', 'UTC');

async function list(context: Context, app: string): Promise<readonly TaskRecord[]> {
  using client = await connectIfRunning(context);
  if (client) return (await client.call('tasks', { app })).tasks;
  const record = remembered(context);
  return (record.apps[knownApp(context, app)]?.tasks ?? []).toReversed();
}
