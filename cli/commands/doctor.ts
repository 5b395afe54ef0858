/** `doctor`: says what is here and what is missing, and cleans what an earlier crash left. */
import { cleanUnlessRunning } from '../../runtime/leftovers.ts';
import { VERSION } from '../../runtime/kernel/version.ts';
import { engineFolders, enginesHere, type EnginesHere } from '../../runtime/platform/engines.ts';
import { findShell } from '../../runtime/platform/shell.ts';
import { lockHolder } from '../../runtime/state/lock.ts';
import { makeSpace } from '../../runtime/state/home.ts';
import { readRecord, recordsAside } from '../../runtime/state/record.ts';
import type { Context } from '../context.ts';
import { pairs } from '../render/table.ts';

export async function doctor(context: Context): Promise<number> {
  const { terminal, json, paths } = context;
  makeSpace(paths);
  const holder = lockHolder(paths.lock);
  const cleaned = await cleanUnlessRunning(paths);
  const { record, problem } = readRecord(paths.record);
  const { SERVICE_TYPES } = await import('../../services/index.ts');
  const { PATH } = context.env;
  const where = { ...engineFolders(paths), ...(PATH === undefined ? {} : { searchPath: PATH }) };
  const here = await enginesHere(SERVICE_TYPES, where);
  const facts = {
    version: VERSION,
    node: process.version,
    home: paths.home,
    space: paths.name,
    host: holder ? { pid: holder.process.pid, version: holder.version } : null,
    apps: Object.keys(record.apps),
    services: Object.keys(record.services),
    shell: findShell(),
    engines: here,
    recordsSetAside: recordsAside(paths.record),
    cleaned: cleaned.map(({ runId, pids }) => ({ runId, pids })),
    problem: problem ? { code: problem.code, message: problem.message, hint: problem.hint } : null,
  };
  if (json) {
    terminal.out(JSON.stringify(facts));
    return 0;
  }
  const rows: [string, string][] = [
    ['paas-local', `${facts.version} on Node ${facts.node}`],
    ['home', facts.home],
    ['space', facts.space],
    ['host', holder ? `pid ${holder.process.pid}, version ${holder.version}` : 'none runs'],
    ['apps', facts.apps.join(', ') || 'none'],
    ['services', facts.services.join(', ') || 'none'],
    ['shell', facts.shell],
  ];
  for (const line of pairs(rows)) terminal.out(line);
  terminal.out(`\nEngines${here.runAs === '' ? '' : `, which would run ${here.runAs}`}:`);
  for (const line of pairs(here.kinds.flatMap(engineRows))) terminal.out(`  ${line}`);
  if (here.problem !== undefined) terminal.out(`None of them can be started: ${here.problem}`);
  if (problem) terminal.out(`\n${problem.message}. ${problem.hint ?? ''}`);
  for (const path of facts.recordsSetAside)
    terminal.out(
      `\n"${path}" could not be understood and was set aside: remove it when it is of no use any more`,
    );
  if (cleaned.length === 0) terminal.out('\nNothing was left behind by an earlier crash');
  for (const { pids } of cleaned) {
    terminal.out(
      `\nCleaned up after a host that was killed${pids.length > 0 ? `: ended ${pids.length} processes (${pids.join(', ')})` : ''}`,
    );
  }
  return 0;
}

/** What serves comes first; what is missing comes with the line that installs it. */
function engineRows({ product, found, install }: EnginesHere['kinds'][number]): [string, string][] {
  const rows = found.map(
    ({ version, file, problem }) => `${version} (${file})${problem === undefined ? '' : `, ${problem}`}`,
  );
  const usable = found.some(({ problem }) => problem === undefined);
  const how = install.join(', or with: ');
  if (!usable) rows.push(how === '' ? 'missing' : `missing; install it with: ${how}`);
  return rows.map((row, index) => [index === 0 ? product : '', row]);
}
