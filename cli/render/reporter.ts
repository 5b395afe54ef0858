/** PlatformEvent → lines. An exhaustive switch: a new kind of event does not compile until it has words here. */
import type { PlatformEvent } from '../../runtime/events.ts';
import { formatLogHeader } from '../../runtime/logs/format.ts';
import type { LogLine } from '../../runtime/logs/types.ts';
import { describeFaultEvent } from '../../runtime/platform/fault.ts';
import { describeEngineMoment, describeMs } from '../../runtime/platform/words.ts';
import { renderDiagnostic } from './code-frame.ts';
import { harmless, type Terminal } from './terminal.ts';

/** What the host does for a command is shown meanwhile; under `--json` only the result is. */
export function showEvents(
  client: { onEvent: (event: PlatformEvent) => void },
  { terminal, json }: { readonly terminal: Terminal; readonly json: boolean },
): void {
  client.onEvent = (event) => {
    if (!json) renderEvent(event, terminal);
  };
}

/** @param apps whose events these are: with more than one, each log line says which it is of */
export function renderEvent(event: PlatformEvent, terminal: Terminal, apps: readonly string[] = []): void {
  const { paint } = terminal;
  switch (event.kind) {
    case 'log':
      return renderLogLine(event.line, terminal, ownerColumn(event.line, apps));
    case 'router-listening': {
      const https = event.scheme === 'https' ? ' for HTTPS' : '';
      if (event.port !== event.wanted && event.wanted !== 0) {
        terminal.out(
          paint.yellow(`Port ${event.wanted} is taken, routing on port ${event.port} instead${https}`),
        );
      }
      if (event.authority !== undefined)
        terminal.out(`HTTPS on port ${event.port}, signed by ${event.authority} (see: paas-local trust)`);
      return;
    }
    case 'router-kept': {
      const flag = event.scheme === 'https' ? '--tls-port' : '--port';
      return terminal.err(
        paint.yellow(
          `This space routes on port ${event.port} already, so ${flag} ${event.wanted} has no effect until: paas-local stop --all`,
        ),
      );
    }
    case 'tls-distrusted':
      return terminal.err(
        paint.yellow(
          `A client ended its HTTPS connection: it does not trust ${event.authority}. What to do: paas-local trust`,
        ),
      );
    case 'manifest-invalid':
      terminal.err(paint.yellow(`The manifest was edited and cannot be used; what runs is left as it is`));
      for (const diagnostic of event.diagnostics)
        terminal.err(renderDiagnostic(diagnostic, { colour: terminal.colour }));
      return;
    case 'manifest-warned':
      for (const diagnostic of event.diagnostics)
        terminal.err(renderDiagnostic(diagnostic, { colour: terminal.colour }));
      return;
    case 'change-started':
      // By hand: its command tells. By an edit: the app's log does.
      return;
    case 'service-started': {
      // A folder is nowhere to connect to.
      const where = event.port === 0 ? '' : ` on ${event.host}:${event.port}`;
      return terminal.out(`Service ${paint.bold(event.service)} (${event.type})${where}: ${event.engine}`);
    }
    case 'service-stopped':
      return terminal.out(paint.dim(`Service ${event.service} stopped`));
    case 'service-failed':
      return terminal.err(paint.red(`Service ${event.service} failed: ${event.message}`));
    case 'service-engine':
      return terminal.err(paint.yellow(`Service ${event.service}: ${describeEngineMoment(event)}`));
    case 'staging-started':
      return terminal.out(`Staging ${paint.bold(event.app)}: ${event.buildpack} (${event.because})`);
    case 'staging-finished':
      return terminal.out(
        paint.dim(
          `Staged ${event.app} in ${describeMs(event.ms)}${event.skipped ? ', dependencies unchanged' : ''}`,
        ),
      );
    case 'files-changed':
      return terminal.out(paint.dim(`${event.app}: changed ${shorten(event.files)}`));
    case 'watch-degraded':
      return terminal.err(paint.yellow(`${event.app}: ${event.message}`));
    case 'app-ready':
      return terminal.out(paint.green(`${event.app} is up${event.urls[0] ? ` at ${event.urls[0]}` : ''}`));
    case 'app-stopped':
      return terminal.out(`${event.app} stopped: ${event.because}`);
    case 'app-deleted':
      return terminal.out(`${event.app} deleted`);
    case 'fault':
      return terminal.out(
        paint.yellow(`Fault: ${harmless(`${event.target}: ${describeFaultEvent(event)}`, false)}`),
      );
    case 'instance':
      // Each of these moments is in the app's log as a line of CELL or HEALTH.
      return;
  }
}

/** As wide as the longest name; empty where there is but one app. */
function ownerColumn({ owner }: LogLine, apps: readonly string[]): string {
  if (apps.length < 2) return '';
  const width = Math.max(...apps.map((app) => app.length));
  // A service's lines name it as their source.
  return `${apps.includes(owner) ? owner.padEnd(width) : ' '.repeat(width)} `;
}

export function renderLogLine(line: LogLine, terminal: Terminal, before = ''): void {
  const { paint } = terminal;
  const text = harmless(line.text, terminal.colour);
  const header = sourcePaint(line.source, terminal)(formatLogHeader(line));
  terminal.out(
    before + header + (line.stream === 'ERR' && line.source.startsWith('APP') ? paint.red(text) : text),
  );
}

function sourcePaint(source: string, { paint }: Terminal) {
  if (source.startsWith('APP/')) return paint.cyan;
  if (source === 'RTR') return paint.dim;
  if (source === 'STG') return paint.magenta;
  if (source === 'CELL' || source === 'HEALTH' || source === 'API') return paint.yellow;
  return paint.blue;
}

function shorten(files: readonly string[]): string {
  return files.length <= 3
    ? files.join(', ')
    : `${files.slice(0, 3).join(', ')} and ${files.length - 3} more`;
}
