/** `files`: lists a folder of an app, or prints a file of it; `tail` prints the end of one, and what is added to it. */
import {
  createReadStream,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  unwatchFile,
  watchFile,
} from 'node:fs';
import { join, relative } from 'node:path';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { listApps } from './apps.ts';
import type { Context } from '../context.ts';
import { table } from '../render/table.ts';
import { untilSignal } from '../signals.ts';
import { knownApp, oneApp } from '../which-app.ts';

export async function files(context: Context, name: string | undefined, path = ''): Promise<number> {
  const { terminal, json, world } = context;
  const app = knownApp(context, await oneApp(context, name));
  const { root } = (await listApps(context)).find((one) => one.name === app)!;
  const inside = locate(root, path, app);
  if (statSync(inside).isFile()) {
    const content = readFileSync(inside);
    if (json) terminal.out(JSON.stringify({ app, path, content: content.toString('utf8') }));
    else world.stdout.write(content);
    return 0;
  }
  const entries = readdirSync(inside, { withFileTypes: true })
    .map((entry) => ({
      name: entry.isDirectory() ? `${entry.name}/` : entry.name,
      bytes: entry.isFile() ? statSync(join(inside, entry.name)).size : null,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (json) {
    terminal.out(JSON.stringify({ app, path, entries }));
    return 0;
  }
  terminal.out(`Getting files for app ${app} in space ${context.paths.name}...\n`);
  for (const line of table(
    ['name', 'bytes'],
    entries.map((one) => [one.name, String(one.bytes ?? '-')]),
  ))
    terminal.out(line);
  return 0;
}

const TAIL_BYTES = 2048;
const LOOK_MS = 200;

/** `args` are [APP] PATH. Until Ctrl-C; a file that is begun anew is followed from its beginning. */
export async function tail(context: Context, args: readonly string[]): Promise<number> {
  const { terminal, json, world } = context;
  if (json) throw new PaasError('USAGE', { message: 'Cannot print JSON: what the file holds is the output' });
  const [given, path] = args.length === 1 ? [undefined, args[0]!] : [args[0], args[1]!];
  const app = knownApp(context, await oneApp(context, given));
  const { root } = (await listApps(context)).find((one) => one.name === app)!;
  const file = locate(root, path, app);
  if (!statSync(file).isFile())
    throw new PaasError('USAGE', { message: `Cannot follow "${path}" of app "${app}": it is a folder` });
  terminal.err(`Following ${file}; Ctrl-C ends it`);
  let shown = await beginOfLine(file, statSync(file).size - TAIL_BYTES);
  let busy = Promise.resolve();
  const more = (): void => {
    busy = busy.then(next).catch(() => {}); // gone while it was read: the next look tells
  };
  const next = async (): Promise<void> => {
    const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size < shown) shown = 0;
    if (size === shown) return;
    for await (const chunk of createReadStream(file, { start: shown, end: size - 1 }))
      world.stdout.write(chunk);
    shown = size;
  };
  more();
  watchFile(file, { interval: LOOK_MS }, more);
  const end = await untilSignal(new Promise<never>(() => {}), {
    onFirst: async () => unwatchFile(file),
    onSecond: async () => {},
    output: world.output.lost,
  });
  return 'exitCode' in end ? end.exitCode : 0;
}

/** The first line that begins after this place. */
async function beginOfLine(file: string, from: number): Promise<number> {
  if (from <= 0) return 0;
  let at = from;
  for await (const chunk of createReadStream(file, { start: from })) {
    const feed = (chunk as Buffer).indexOf(10);
    if (feed >= 0) return at + feed + 1;
    at += (chunk as Buffer).length;
  }
  return from;
}

/** @throws PaasError `USAGE` for what is not there, or not the app's */
function locate(root: string, path: string, app: string): string {
  const refuse = (reason: string): PaasError =>
    new PaasError('USAGE', { message: `Cannot show "${path}" of app "${app}": ${reason}` });
  let real: string;
  try {
    real = realpathSync(join(root, path));
  } catch {
    throw refuse('there is no such file');
  }
  if (relative(realpathSync(root), real).startsWith('..')) throw refuse('it lies outside of the app');
  return real;
}
