/** `crashes` and `crashlogs`: which instances crashed, and what they said before. Kept on disk, so also without a host. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { readAllLines } from '../../runtime/logs/log-file.ts';
import type { LogLine } from '../../runtime/logs/types.ts';
import { readEvents } from '../../runtime/platform/event-history.ts';
import { isExitNote } from '../../runtime/platform/instance-notes.ts';
import { logFile } from '../../runtime/state/home.ts';
import { connectIfRunning } from '../connect.ts';
import type { CommonOptions, Context } from '../context.ts';
import { renderLogLine } from '../render/reporter.ts';
import { table } from '../render/table.ts';
import { isoSeconds } from '../render/usage.ts';
import { knownApp, oneApp } from '../which-app.ts';

interface Crash {
  /** `shop-1` is the oldest. */
  readonly name: string;
  /** `web/0` */
  readonly instance: string;
  readonly at: number;
  readonly description: string;
}

/** More events than are kept. */
const ALL = 1_000_000;

export async function crashes(context: Context, given: string | undefined): Promise<number> {
  const { terminal, json } = context;
  const app = knownApp(context, await oneApp(context, given));
  const listed = await listCrashes(context, app);
  if (json) terminal.out(JSON.stringify({ app, crashes: listed }));
  else if (listed.length === 0) terminal.out(`No crashed instances for [${app}]`);
  else {
    const header = ['Name', 'Instance ID', 'Crashed Time', 'Reason'];
    const rows = listed.map(({ name, instance, at, description }) => [
      name,
      instance,
      isoSeconds(at),
      description,
    ]);
    for (const line of table(header, rows)) terminal.out(line);
  }
  return 0;
}

export interface CrashlogsOptions extends CommonOptions {
  readonly instance?: string;
}

/** Of the latest crash, or of the one that `crashes` calls so. */
export async function crashlogs(
  context: Context,
  given: string | undefined,
  { instance: wanted }: CrashlogsOptions,
): Promise<number> {
  const { terminal, json } = context;
  const app = knownApp(context, await oneApp(context, given));
  const all = await listCrashes(context, app);
  const crash = wanted === undefined ? all.at(-1) : all.find(({ name }) => name === wanted);
  if (!crash && wanted !== undefined)
    throw new PaasError('USAGE', {
      message: `Cannot find a crash "${wanted}" of app "${app}"`,
      hint: `See which there are: paas-local crashes ${app}`,
    });
  if (!crash) {
    terminal.out(
      json ? JSON.stringify({ app, crash: null, lines: [] }) : `No crashed instances for [${app}]`,
    );
    return 0;
  }
  const lines = linesBefore(crash, readAllLines(logFile(context.paths, 'app', app)));
  if (json) terminal.out(JSON.stringify({ app, crash, lines }));
  else {
    terminal.out(
      `====> ${crash.name}: ${crash.instance} at ${isoSeconds(crash.at)}: ${crash.description} <====`,
    );
    for (const line of lines) renderLogLine(line, terminal);
  }
  return 0;
}

/** Oldest first. What the host has not written yet, it writes when it is asked for its events. */
async function listCrashes(context: Context, app: string): Promise<readonly Crash[]> {
  using client = await connectIfRunning(context);
  const events = client
    ? (await client.call('events', { app, count: ALL })).events
    : readEvents(context.paths, app, ALL);
  if (client) await client.call('logs', { owner: app, count: 1, follow: false });
  return events
    .filter(({ event }) => event === 'audit.app.process.crash')
    .map(({ at, description: told }, index) => {
      const [, instance = '', description = told] =
        /^(\S+), reason: CRASHED, exit_description: (.*)$/.exec(told) ?? [];
      return { name: `${app}-${index + 1}`, instance, at, description };
    });
}

/** What the instance said from its start to this end, with what cell and health check had to say meanwhile. */
function linesBefore({ instance, at }: Crash, all: readonly LogLine[]): readonly LogLine[] {
  const [type = '', index] = instance.split('/');
  const process = `APP/PROC/${type.toUpperCase()}`;
  const here = all.filter((line) => line.instance === Number(index));
  const own = here.filter(({ source }) => source === process || source.startsWith(`${process}/`));
  const mine = new Set(own);
  const ends = own.filter(({ text }) => isExitNote(text));
  const end = ends.find((line) => line.at >= at) ?? own.findLast((line) => line.at <= at);
  if (!end) return [];
  const before = ends.findLast(({ seq, at: then }) => then <= end.at && seq !== end.seq)?.at ?? 0;
  return here.filter(
    (line) =>
      line.at > before &&
      line.at <= end.at &&
      (mine.has(line) || line.source === 'CELL' || line.source === 'HEALTH'),
  );
}
