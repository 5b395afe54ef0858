/** `files`: lists a folder of an app, or prints a file of it. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { listApps } from './apps.ts';
import type { Context } from '../context.ts';
import { table } from '../render/table.ts';
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
