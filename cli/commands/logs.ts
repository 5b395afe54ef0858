/** `logs`: the last lines of an app or service, those that are wanted, and with `-f` those to come. */
import { logFilter, type LogFilter } from '../../runtime/logs/filter.ts';
import { readAllLines } from '../../runtime/logs/log-file.ts';
import type { LogLine } from '../../runtime/logs/types.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { parseMoment } from '../../runtime/kernel/moment.ts';
import { suggest } from '../../runtime/kernel/suggest.ts';
import { logFile } from '../../runtime/state/home.ts';
import { connectIfRunning } from '../connect.ts';
import type { CommonOptions, Context } from '../context.ts';
import { renderLogLine } from '../render/reporter.ts';
import { untilSignal } from '../signals.ts';
import { hostEnds } from '../stops.ts';
import { oneApp } from '../which-app.ts';
import { remembered } from '../remembered.ts';

export interface LogsOptions extends CommonOptions {
  readonly recent?: boolean;
  readonly follow?: boolean;
  readonly tail?: boolean;
  readonly num?: number;
  readonly since?: string;
  readonly grep?: string;
  readonly source?: string;
  readonly instance?: string;
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
  const filter = readFilter(options);
  const wanted = logFilter(filter);
  const show = (line: LogLine) => (json ? terminal.out(JSON.stringify(line)) : renderLogLine(line, terminal));
  const follow = (options.follow === true || options.tail === true) && options.recent !== true;
  // Who asks for a time wants all of it.
  const count =
    options.num ??
    (filter.since !== undefined ? Number.POSITIVE_INFINITY : follow ? BEFORE_FOLLOWING : RECENT_LINES);
  const client = await connectIfRunning(context);
  if (!client) {
    const all = olderLines(context, owner);
    for (const line of last(all.filter(wanted), count)) show(line);
    tellSources(context, owner, filter, all);
    if (follow) terminal.err(`Nothing runs in space ${context.paths.name}, so no more lines will come`);
    return 0;
  }
  using connection = client;
  connection.onEvent = (event) => {
    if (event.kind === 'log' && event.line.owner === owner && wanted(event.line)) show(event.line);
  };
  connection.onDropped = (lost) =>
    terminal.err(terminal.paint.yellow(`${lost} lines were left out: this terminal reads too slowly`));
  const { lines } = await connection.call('logs', { owner, count: RECENT_LINES, follow });
  const recent = lines.filter(wanted);
  const older = recent.length < count ? olderLines(context, owner, lines[0]) : [];
  for (const line of last([...older.filter(wanted), ...recent], count)) show(line);
  if (recent.length === 0) tellSources(context, owner, filter, [...older, ...lines]);
  if (!follow) return 0;
  const outcome = await untilSignal(hostEnds(connection, context), {
    onFirst: async () => connection[Symbol.dispose](),
    onSecond: async () => {},
    output: context.world.output.lost,
  });
  return 'exitCode' in outcome ? outcome.exitCode : 0;
}

/** A source that is misspelt looks like an app that is silent. */
function tellSources(
  { terminal }: Context,
  owner: string,
  { source }: LogFilter,
  all: readonly LogLine[],
): void {
  if (source === undefined || all.some(logFilter({ source }))) return;
  const known = [...new Set(all.map((line) => line.source))].toSorted();
  const meant = suggest(source.toUpperCase(), known);
  terminal.err(
    `No line of ${owner} is from ${source} so far. ${meant ? `Did you mean "${meant}"? ` : ''}There are lines from: ${known.join(', ') || 'nothing'}`,
  );
}

const last = (lines: readonly LogLine[], count: number): readonly LogLine[] =>
  Number.isFinite(count) ? lines.slice(-count) : lines;

/** @throws PaasError `USAGE` */
function readFilter({ since, grep, source, instance }: LogsOptions): LogFilter {
  const at = since === undefined ? undefined : parseMoment(since, Date.now());
  if (since !== undefined && at === undefined)
    throw new PaasError('USAGE', {
      message: `Cannot use "${since}" as --since`,
      hint: 'Write how long ago (90s, 10m, 2h), or a date such as 2026-08-20T14:03:07',
    });
  if (instance !== undefined && !/^\d+$/.test(instance))
    throw new PaasError('USAGE', {
      message: `Cannot use "${instance}" as --instance: it is a number from 0`,
    });
  const filter = {
    ...(at === undefined ? {} : { since: at }),
    ...(grep === undefined ? {} : { grep }),
    ...(source === undefined ? {} : { source }),
    ...(instance === undefined ? {} : { instance: Number(instance) }),
  };
  try {
    logFilter(filter);
  } catch (error) {
    throw new PaasError('USAGE', {
      message: `Cannot use "${grep}" as --grep: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
  return filter;
}

/** What the disk keeps, up to the line given. @throws PaasError `APP_NOT_FOUND` */
function olderLines(context: Context, owner: string, before?: LogLine): readonly LogLine[] {
  const record = remembered(context);
  const kind = record.apps[owner] ? 'app' : record.services[owner] ? 'service' : undefined;
  if (kind) {
    const path = logFile(context.paths, kind, owner);
    return readAllLines(path, (line) => line.seq === before?.seq && line.at === before.at);
  }
  const known = [...Object.keys(record.apps), ...Object.keys(record.services)];
  throw new PaasError('APP_NOT_FOUND', { app: owner, known, suggestion: suggest(owner, known) ?? null });
}
