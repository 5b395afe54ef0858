/** `prune`: removes what nothing needs any more: what a killed host left, and what is kept of apps that are forgotten. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cleanUnlessRunning } from '../../runtime/leftovers.ts';
import { fileNameFor, logFile } from '../../runtime/state/home.ts';
import { lockHolder } from '../../runtime/state/lock.ts';
import { readRecord, recordsAside } from '../../runtime/state/record.ts';
import type { CommonOptions, Context } from '../context.ts';
import { confirm } from '../render/confirm.ts';

export interface PruneOptions extends CommonOptions {
  readonly force?: boolean;
}

export async function prune(context: Context, options: PruneOptions): Promise<number> {
  const { terminal, json, paths } = context;
  const cleaned = await cleanUnlessRunning(paths);
  const forgotten = findForgotten(context);
  const agreed =
    forgotten.length > 0 &&
    (options.force === true ||
      (await confirm(context, `Remove ${forgotten.length} files and folders?`, 'Nothing was removed')));
  const removed = agreed ? forgotten : [];
  for (const path of removed) rmSync(path, { recursive: true, force: true });
  const ended = cleaned.flatMap(({ pids }) => pids);
  if (json) {
    terminal.out(JSON.stringify({ ended, removed, kept: agreed ? [] : forgotten }));
    return 0;
  }
  if (ended.length > 0) terminal.out(`Ended ${ended.length} processes of a host that was killed`);
  for (const path of forgotten) terminal.out(`${agreed ? 'Removed' : 'Not needed'}: ${path}`);
  if (forgotten.length > 0 && !agreed) terminal.out('Nothing was removed; use -f to do so');
  if (ended.length === 0 && forgotten.length === 0) terminal.out('There is nothing to remove');
  return 0;
}

/** Folders and logs of apps and services that the record does not know. With a host at work it knows best: none. */
function findForgotten({ paths, terminal }: Context): readonly string[] {
  if (lockHolder(paths.lock)) return [];
  const { record, problem } = readRecord(paths.record);
  // Of a record that could not be understood nothing is known: all would seem forgotten, data of databases too.
  const [aside] = problem ? [paths.record] : recordsAside(paths.record);
  if (aside !== undefined) {
    terminal.err(
      `What apps and services left is kept: "${aside}" could not be understood, and may have known them`,
    );
    terminal.err('  Remove that file, and whatever no app or service of today needs can be removed');
    return [];
  }
  const [apps, services] = [Object.keys(record.apps), Object.keys(record.services)];
  const logs = new Set([
    ...apps.flatMap((name) => [logFile(paths, 'app', name), logFile(paths, 'events', name)]),
    ...services.map((name) => logFile(paths, 'service', name)),
  ]);
  return [
    ...others(paths.apps, new Set(apps.map(fileNameFor))),
    ...others(paths.services, new Set(services.map(fileNameFor))),
    ...list(paths.logs)
      .map((name) => join(paths.logs, name))
      .filter((path) => !logs.has(path.replace(/\.\d+$/, '') as never)),
  ];
}

const others = (folder: string, known: ReadonlySet<string>): readonly string[] =>
  list(folder)
    .filter((name) => !known.has(name))
    .map((name) => join(folder, name));

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
