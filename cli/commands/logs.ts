/** `logs`: the last lines of an app or service, and with `-f` those to come. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { readLastLines } from '../../runtime/logs/log-file.ts';
import type { LogLine } from '../../runtime/logs/types.ts';
import { logFile } from '../../runtime/state/home.ts';
import { loadRecord } from '../../runtime/state/record.ts';
import { suggest } from '../../runtime/kernel/suggest.ts';
import { connectIfRunning } from '../connect.ts';
import type { CommonOptions, Context } from '../context.ts';
import { renderLogLine } from '../render/reporter.ts';
import { untilSignal } from '../signals.ts';
import { oneApp } from '../which-app.ts';

export interface LogsOptions extends CommonOptions {
  readonly recent?: boolean;
  readonly follow?: boolean;
  readonly num?: number;
}

const RECENT_LINES = 1000;
const BEFORE_FOLLOWING = 10;

export async function logs(
  context: Context,
  name: string | undefined,
  options: LogsOptions,
): Promise<number> {
  const { terminal, json } = context;
  const owner = await oneApp(context, name);
  const show = (line: LogLine) => (json ? terminal.out(JSON.stringify(line)) : renderLogLine(line, terminal));
  const follow = options.follow === true && options.recent !== true;
  const count = options.num ?? (follow ? BEFORE_FOLLOWING : RECENT_LINES);
  const client = await connectIfRunning(context);
  if (!client) {
    for (const line of fromDisk(context, owner, count)) show(line);
    if (follow) terminal.err(`Nothing runs in space ${context.paths.name}, so no more lines will come`);
    return 0;
  }
  client.onEvent = (event) => {
    if (event.kind === 'log') show(event.line);
  };
  const { lines } = await client.call('logs', { owner, count, follow });
  for (const line of lines.length > 0 ? lines : fromDisk(context, owner, count)) show(line);
  if (!follow) {
    client[Symbol.dispose]();
    return 0;
  }
  const outcome = await untilSignal(client.lost, {
    onFirst: async () => client[Symbol.dispose](),
    onSecond: async () => {},
  });
  return 'exitCode' in outcome ? outcome.exitCode : 0;
}

function fromDisk(context: Context, owner: string, count: number): readonly LogLine[] {
  const { record } = loadRecord(context.paths.record);
  if (record.apps[owner]) return readLastLines(logFile(context.paths, 'app', owner), count);
  if (record.services[owner]) return readLastLines(logFile(context.paths, 'service', owner), count);
  const known = [...Object.keys(record.apps), ...Object.keys(record.services)];
  throw new PaasError('APP_NOT_FOUND', { app: owner, known, suggestion: suggest(owner, known) ?? null });
}
