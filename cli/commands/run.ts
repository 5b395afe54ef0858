/** `run` and `ssh`: a program in the app's environment and folder, with this terminal. */
import { constants } from 'node:os';
import { join } from 'node:path';
import { runInForeground } from '../../services/kit/foreground.ts';
import { literal, startScript } from '../../runtime/env/start-script.ts';
import type { Borrowed, InstanceName } from '../../runtime/control/protocol.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { fileNameFor } from '../../runtime/state/home.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { showEvents } from '../render/reporter.ts';
import { oneApp } from '../which-app.ts';

export interface RunOptions extends CommonOptions {
  readonly app?: string;
}

export interface SshOptions extends CommonOptions {
  readonly command: readonly string[];
  readonly appInstanceIndex?: string;
  readonly process?: string;
}

/** One word is shell text; several are a program and its arguments, taken as they are. */
export async function run(context: Context, words: readonly string[], options: RunOptions): Promise<number> {
  const command = words.length === 1 ? words[0]! : words.map(literal).join(' ');
  return runIn(context, await oneApp(context, options.app), () => command);
}

/** Without a command, a shell. */
export async function ssh(context: Context, name: string | undefined, options: SshOptions): Promise<number> {
  const app = await oneApp(context, name);
  const command = options.command.length > 0 ? options.command.join(' && ') : undefined;
  // HOME is the app's folder, which is the user's own: what a shell remembers is kept elsewhere.
  const history = literal(join(context.paths.apps, fileNameFor(app), 'shell-history'));
  return runIn(
    context,
    app,
    ({ shell }) => command ?? `export HISTFILE=${history}\nexec ${literal(shell)} -i`,
    instanceOf(options),
  );
}

/** @throws PaasError `USAGE` */
function instanceOf({ appInstanceIndex: text, process }: SshOptions): InstanceName | undefined {
  if (text === undefined && process === undefined) return undefined;
  if (text !== undefined && !/^\d{1,4}$/.test(text))
    throw new PaasError('USAGE', { message: `Cannot use "${text}" as the index of an instance` });
  return { process: process ?? 'web', index: Number(text ?? 0) };
}

/** @returns the program's exit code, 128 and the signal's number for one that was ended by a signal */
async function runIn(
  context: Context,
  app: string,
  commandFor: (borrowed: Borrowed) => string,
  instance?: InstanceName,
): Promise<number> {
  const { terminal } = context;
  if (context.json)
    throw new PaasError('USAGE', { message: 'Cannot print JSON: what the program prints is the output' });
  using client = await connect(context, anyPort(context));
  showEvents(client, { terminal: { ...terminal, out: (line) => terminal.err(line) }, json: false });
  const borrowed = await client.call('borrow', { app, ...(instance ? { instance } : {}) });
  client.onEvent = () => {};
  const { shell, root, env, exports, dialect } = borrowed;
  const { code, signal } = await runInForeground({
    file: shell,
    args: ['-c', startScript({ dialect, exports, preRunning: [], command: commandFor(borrowed) })],
    cwd: root,
    env,
  });
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
