/**
 * What a line of a log looks like to those who get it. Cloud Foundry's syslog agents send RFC 5424 with the app's facts
 * as structured data; Stackato's logyard sent its format "apptail", or the fields of that as JSON. Pure.
 */
import { formatHumanTime } from './format.ts';
import type { LogLine } from './types.ts';

/** The app the lines are of. */
export interface DrainedApp {
  readonly id: string;
  readonly space: { readonly id: string; readonly name: string };
  readonly organization: { readonly id: string; readonly name: string };
}

/** `2026-08-20T14:03:07+02:00 app.0: text` */
export function apptailLine(line: LogLine): string {
  return `${formatHumanTime(line.at)} ${apptailSource(line.source)}.${line.instance}: ${line.text}`;
}

/** The same, as one JSON object. */
export function apptailJson(line: LogLine, app: DrainedApp): string {
  return JSON.stringify({
    Text: line.text,
    LogFilename: line.stream === 'ERR' ? 'stderr.log' : 'stdout.log',
    UnixTime: Math.floor(line.at / 1000),
    HumanTime: formatHumanTime(line.at),
    Source: apptailSource(line.source),
    InstanceIndex: line.instance,
    AppID: app.id,
    AppName: line.owner,
    AppGroup: app.space.name,
    NodeID: '127.0.0.1',
  });
}

/** Whom Stackato named as the source of such a line. */
function apptailSource(source: string): string {
  if (source.startsWith('APP/')) return 'app';
  return SOURCES[source] ?? source.toLowerCase();
}

const SOURCES: Readonly<Record<string, string>> = {
  STG: 'staging',
  CELL: 'stackato.dea',
  HEALTH: 'stackato.dea',
  RTR: 'stackato.router',
  API: 'stackato.controller',
};

/** Facility user; severity info for OUT, error for ERR. Ends with a line feed. */
export function syslogMessage(line: LogLine, app: DrainedApp, withTags: boolean): string {
  const priority = line.stream === 'ERR' ? 11 : 14;
  const host = [app.organization.name, app.space.name, line.owner].map(hostPart).join('.');
  const source = `[${line.source.replaceAll(/[^\x21-\x7e]/g, '-')}/${line.instance}]`;
  const tags = withTags ? structuredData(line, app) : '-';
  return `<${priority}>1 ${syslogTime(line.at)} ${host} ${app.id} ${source} - ${tags} ${line.text.replaceAll('\0', '')}\n`;
}

/** Microseconds without trailing zeros, UTC as an offset. */
const syslogTime = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().replace(/\.?0*Z$/, '')}+00:00`;

const hostPart = (name: string): string =>
  name
    .replaceAll(' ', '-')
    .replaceAll(/[^-a-zA-Z0-9]/g, '')
    .replace(/-+$/, '');

function structuredData(line: LogLine, app: DrainedApp): string {
  const tags = {
    app_id: app.id,
    app_name: line.owner,
    instance_id: String(line.instance),
    organization_id: app.organization.id,
    organization_name: app.organization.name,
    source_type: line.source,
    space_id: app.space.id,
    space_name: app.space.name,
  };
  const parameters = Object.entries(tags).map(
    ([name, value]) => `${name}="${value.replaceAll(/[\\"\]]/g, '\\$&')}"`,
  );
  return `[tags@47450 ${parameters.join(' ')}]`;
}
