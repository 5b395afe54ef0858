/**
 * Keys whose verdict is not that of their table: what stands beside them, or a flag, takes their place, or their value
 * is one that is treated in another way. Follows what the decoders do.
 */
import { APP, PROCESS, PROCESS_KEYS } from './dialects/cloud-foundry/keys.ts';
import { cloudFoundryReader, fieldFlag, fieldList, fieldText } from './dialects/cloud-foundry/reader.ts';
import { isNullCommand, readBoolean } from './dialects/stackato/reader.ts';
import type { Overrides } from './options.ts';
import type { KeyRule, RecordShape } from './shape.ts';
import { get, getText, isEmptyScalar, type MapNode, type Node } from './tree.ts';
import type { Dialect } from './types.ts';

export type Judgement = Pick<KeyRule, 'verdict' | 'why'>;

/** What was said on the command line. */
export interface Flags {
  readonly overrides?: Overrides;
  readonly command?: string;
  readonly appNames?: readonly string[];
  /** By app: numbers of processes that were set by `scale`, in the manifest's place. */
  readonly kept?: ReadonlyMap<string, readonly Kept[]>;
}

export interface Kept {
  readonly process: string;
  readonly key: 'instances' | 'memoryBytes' | 'diskBytes';
  /** As it is written. */
  readonly kept: string;
}

/** A key where it is written. */
export interface Written {
  readonly dialect: Dialect;
  readonly shape: RecordShape;
  /** As its table has it. */
  readonly name: string;
  readonly value: Node;
  /** The mapping it stands in. */
  readonly record: MapNode;
  /** The app it is about, if any. */
  readonly app: MapNode | undefined;
  /** Those that are about this app. */
  readonly flags: Flags;
  readonly kept: readonly Kept[];
}

const ignored = (why: string): Judgement => ({ verdict: 'ignored', why });

export function overruled(written: Written): Judgement | undefined {
  return (
    byFlag(written) ??
    byScale(written) ??
    (written.dialect === 'stackato' ? inStackato : inCloudFoundry)(written)
  );
}

const FLAGS = [
  ['name', '--as', ['name']],
  ['instances', '--instances', ['instances']],
  ['memory', '--memory', ['memory', 'mem']],
  ['disk', '--disk', ['disk', 'disk_quota']],
  ['buildpack', '--buildpack', ['buildpack', 'buildpacks']],
  ['stack', '--stack', ['stack']],
  ['timeout', '--timeout', ['timeout']],
  ['healthCheckType', '--health-check-type', ['health-check-type']],
  ['endpoint', '--endpoint', ['health-check-http-endpoint']],
] as const;
const URL_KEYS: ReadonlySet<string> = new Set(['url', 'urls', 'host', 'subdomain', 'domain']);
const ROUTE_KEYS: ReadonlySet<string> = new Set(['routes', 'random-route', 'default-route']);

function byFlag({ shape, name, record, app, flags, dialect }: Written): Judgement | undefined {
  const isWeb = shape === PROCESS && fieldText(record, 'type') === 'web';
  const isCommand = dialect === 'stackato' && (name === 'processes' || shape.name === 'processes');
  const hasWeb = dialect === 'cloud-foundry' || !isNullCommand(webCommand(app) ?? ' ');
  if (
    flags.command !== undefined &&
    hasWeb &&
    (isCommand || (name === 'command' && (record === app || isWeb)))
  )
    return taken('--command');
  if (record !== app && !isWeb) return undefined;
  const { overrides = {} } = flags;
  const flag = FLAGS.find(
    ([option, , keys]) => overrides[option] !== undefined && (keys as readonly string[]).includes(name),
  );
  if (flag) return taken(flag[1]);
  const { urls } = overrides;
  if (!urls || !(URL_KEYS.has(name) || ROUTE_KEYS.has(name) || name === 'no-route')) return undefined;
  return taken(urls.length > 0 ? '--url' : '--no-route');
}

const KEPT_KEYS = {
  instances: ['instances'],
  memoryBytes: ['memory', 'mem'],
  diskBytes: ['disk', 'disk_quota'],
} as const;

/** A key that would not have counted anyway is not judged by this. */
function byScale(written: Written): Judgement | undefined {
  const { shape, name, record, app, kept, dialect } = written;
  const process = shape === PROCESS ? fieldText(record, 'type') : record === app ? 'web' : undefined;
  const found = kept.find(
    (one) => one.process === process && (KEPT_KEYS[one.key] as readonly string[]).includes(name),
  );
  if (!found || (dialect === 'stackato' ? inStackato : inCloudFoundry)(written)) return undefined;
  return ignored(`kept at ${found.kept} by scale`);
}

const taken = (flag: string): Judgement => ignored(`${flag} on the command line takes its place`);

function inCloudFoundry({ shape, name, value, record }: Written): Judgement | undefined {
  if (shape === APP) {
    if (PROCESS_KEYS.has(name) && webEntry(record))
      return ignored('the "web" entry of "processes" takes the place of all such keys of the app');
    if (ROUTE_KEYS.has(name) && fieldFlag(record, 'no-route')) return ignored('"no-route" wins');
    if (name !== 'routes' && ROUTE_KEYS.has(name) && fieldList(record, 'routes').length > 0)
      return ignored('"routes" wins: it is for an app that has none');
  }
  if (value.kind !== 'scalar') return undefined;
  if (name === 'timeout' && cloudFoundryReader.integer(value) === 0)
    return ignored('the client leaves a zero out as well');
  if (name === 'loadbalancing' && value.text === 'hash')
    return { verdict: 'approximated', why: 'requests go round-robin: there is no hashing here' };
  return undefined;
}

/** The entry of `processes` that takes the place of the process attributes of the app. */
const webEntry = (app: MapNode): Node | undefined =>
  fieldList(app, 'processes').find((process) => fieldText(process, 'type') === 'web');

/** The type of a service may be given under several keys; an earlier one wins. */
const TYPE_KEYS = ['label', 'type', 'vendor'];

function inStackato({ shape, name, record, app }: Written): Judgement | undefined {
  if (shape.name === 'a service') {
    const winner = TYPE_KEYS.slice(0, Math.max(0, TYPE_KEYS.indexOf(name))).find((key) =>
      getText(record, key),
    );
    return winner === undefined ? undefined : ignored(`"${winner}" wins`);
  }
  if (!app) return undefined;
  if (record === app) {
    if (name === 'memory' && get(app, 'mem')) return ignored('"mem" wins');
    if (name === 'disk' && get(app, 'disk_quota')) return ignored('"disk_quota" wins');
    if (URL_KEYS.has(name) && readBoolean(getText(app, 'no-route') ?? '') === true)
      return ignored('"no-route" wins');
  }
  const isCommand = name === 'command' && record === app;
  const isProcesses = name === 'processes' || shape.name === 'processes';
  if (!isCommand && !isProcesses) return undefined;
  const web = webCommand(app);
  if (web === undefined || isNullCommand(web) || !getText(app, 'command')) return undefined;
  if (hasFramework(app))
    return isCommand ? ignored('"processes.web" wins, since the app has a framework') : undefined;
  return isProcesses ? ignored('"command" wins, since the app has no framework') : undefined;
}

/** In a flat app, or in the block of one. */
const webCommand = (app: MapNode | undefined): string | undefined =>
  getText(get(app, 'processes') ?? get(get(app, 'stackato'), 'processes'), 'web');

/** A runtime alone, written under "framework", is none. */
function hasFramework(app: MapNode): boolean {
  const framework = get(app, 'framework');
  if (!framework || isEmptyScalar(framework)) return false;
  return framework.kind !== 'map' || framework.entries.some(({ key }) => key.text !== 'runtime');
}
