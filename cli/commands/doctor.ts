/** `doctor`: says what is here, and cleans what an earlier crash left. */
import { cleanUnlessRunning } from '../../runtime/leftovers.ts';
import { VERSION } from '../../runtime/kernel/version.ts';
import { findShell } from '../../runtime/platform/shell.ts';
import { lockHolder } from '../../runtime/state/lock.ts';
import { makeSpace } from '../../runtime/state/home.ts';
import { loadRecord } from '../../runtime/state/record.ts';
import type { Context } from '../context.ts';
import { pairs } from '../render/table.ts';

export async function doctor(context: Context): Promise<number> {
  const { terminal, json, paths } = context;
  makeSpace(paths);
  const holder = lockHolder(paths.lock);
  const cleaned = await cleanUnlessRunning(paths);
  const { record, problem } = loadRecord(paths.record);
  const facts = {
    version: VERSION,
    node: process.version,
    home: paths.home,
    space: paths.name,
    host: holder ? { pid: holder.process.pid, version: holder.version } : null,
    apps: Object.keys(record.apps),
    services: Object.keys(record.services),
    shell: findShell(),
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
  if (problem) terminal.out(`\n${problem.message}. ${problem.hint ?? ''}`);
  if (cleaned.length === 0) terminal.out('\nNothing was left behind by an earlier crash');
  for (const { pids } of cleaned) {
    terminal.out(
      `\nCleaned up after a host that was killed${pids.length > 0 ? `: ended ${pids.length} processes (${pids.join(', ')})` : ''}`,
    );
  }
  return 0;
}
