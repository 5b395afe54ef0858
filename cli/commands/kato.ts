/** `kato …`: the node that runs the caches, configured and restarted as on the platform. */
import type { NodeConfig } from '../../services/kit/contract.ts';
import type { Json } from '../../services/kit/json.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import type { ControlClient } from '../../runtime/control/client.ts';
import { connect, connectIfRunning } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { table } from '../render/table.ts';

export interface KatoOptions extends CommonOptions {
  /** `-j`, the same as `--json`. */
  readonly j?: boolean;
  /** `-f`: flat with `get`, force with `set`. */
  readonly f?: boolean;
  readonly flat?: boolean;
  readonly force?: boolean;
}

const USAGE = [
  'paas-local kato config get [COMPONENT [KEY]] [-j|-f]',
  'paas-local kato config set COMPONENT KEY VALUE [-f]',
  'paas-local kato config del COMPONENT KEY',
  'paas-local kato restart COMPONENT',
  'paas-local kato status',
].join('\n');

export async function kato(
  context: Context,
  words: readonly string[],
  options: KatoOptions,
): Promise<number> {
  const [verb, ...rest] = words[0] === 'process' ? words.slice(1) : words;
  if (verb === 'status' && rest.length === 0) return await status(context);
  using client = await connect(context, anyPort(context));
  if (verb === 'restart' && rest.length === 1) return await restart(context, client, rest[0]!);
  if (verb !== 'config') throw wrong(`Cannot "kato ${words.join(' ')}": it is not known here`);
  const [action, component, path, value] = rest;
  if (action === 'get' && rest.length <= 3) return await get(context, client, { component, path, options });
  if (action === 'set' && component !== undefined && path !== undefined && rest.length === 4) {
    const force = options.force === true || options.f === true;
    return await set(context, client, { component, path, value: guessed(value!), force });
  }
  if (action === 'del' && component !== undefined && path !== undefined && rest.length === 3) {
    return await remove(context, client, { component, path });
  }
  throw wrong(`Cannot "kato ${words.join(' ')}": the words do not fit`);
}

/** What stands in for the roles of a node, as far as there is something of them here. Starts nothing. */
async function status(context: Context): Promise<number> {
  const { terminal, json } = context;
  using client = await connectIfRunning(context);
  const now = client && (await client.call('snapshot', {}));
  const { apps, services } = now ?? { apps: [], services: [] };
  const up = services.filter(({ state }) => state === 'running');
  const caches = up.filter(({ type }) => type === 'memcached').map(({ name }) => name);
  const instances = apps.flatMap(({ processes }) => processes.flatMap((process) => process.instances));
  const running = instances.filter(({ state }) => state === 'running').length;
  const roles = [
    role('controller', now !== undefined, `pid ${now?.host.pid}`),
    role('dea', running > 0, `${running} instances of ${apps.length} apps`),
    role('memcached_node', caches.length > 0, caches.join(', ')),
    role('router', now?.router !== undefined, `port ${now?.router?.port}`),
  ];
  if (json) terminal.out(JSON.stringify({ roles }));
  else for (const line of table(['role', 'state', ''], roles.map(Object.values))) terminal.out(line);
  return 0;
}

const role = (name: string, runs: boolean, details: string) => ({
  role: name,
  state: runs ? 'RUNNING' : 'STOPPED',
  details: runs ? details : '',
});

async function restart(
  { terminal, json }: Context,
  client: ControlClient,
  component: string,
): Promise<number> {
  const { services } = await client.call('restartNode', { component });
  if (json) terminal.out(JSON.stringify({ component, services }));
  else if (services.length === 0) terminal.out('Nothing of it runs: the next start takes the configuration.');
  else terminal.out(`Restarted ${services.join(', ')}: emptied, with port and credentials kept`);
  return 0;
}

interface Getting {
  readonly component: string | undefined;
  readonly path: string | undefined;
  readonly options: KatoOptions;
}

async function get({ terminal, json }: Context, client: ControlClient, getting: Getting): Promise<number> {
  const { component, path, options } = getting;
  const { config } = await client.call('nodeConfig', component === undefined ? {} : { component });
  const whole: Json = component === undefined ? config : Object.values(config)[0]!;
  const value = path === undefined ? whole : valueAt(whole, path);
  if (value === undefined) {
    throw new PaasError('USAGE', { message: `Cannot find "${path}" in the configuration of ${component}` });
  }
  if (json || options.j) terminal.out(JSON.stringify(value, null, json ? 0 : 2));
  else if (options.flat || options.f) for (const line of flat(value, path ?? '')) terminal.out(line);
  else if (isMapping(value)) terminal.out((await import('yaml')).stringify(value).trimEnd());
  else terminal.out(scalar(value));
  return 0;
}

async function set(
  { terminal, json }: Context,
  client: ControlClient,
  setting: { component: string; path: string; value: Json; force: boolean },
): Promise<number> {
  const { component, path } = setting;
  const { read } = await client.call('setNodeConfig', setting);
  const { config } = await client.call('nodeConfig', { component });
  const [name = component, values = {}] = Object.entries<NodeConfig>(config)[0] ?? [];
  const now = valueAt(values, path);
  if (json) {
    terminal.out(JSON.stringify({ component: name, key: path, value: now ?? null, read }));
    return 0;
  }
  if (!read) terminal.err(`Nothing here reads "${path}" of ${name}; it is kept all the same`);
  else terminal.err(`It counts from the next restart on: paas-local kato restart ${name}`);
  return 0;
}

/** Takes back what was set; of what has a default, that counts again. @throws PaasError `USAGE` where there is no such key */
async function remove(
  { terminal, json }: Context,
  client: ControlClient,
  { component, path }: { component: string; path: string },
): Promise<number> {
  const before = (await client.call('nodeConfig', { component })).config;
  const [name = component, values = {}] = Object.entries<NodeConfig>(before)[0] ?? [];
  if (valueAt(values, path) === undefined)
    throw new PaasError('USAGE', { message: `Cannot find "${path}" in the configuration of ${name}` });
  const { read } = await client.call('setNodeConfig', { component, path });
  const after = (await client.call('nodeConfig', { component })).config[name] ?? {};
  const now = valueAt(after, path);
  if (json) terminal.out(JSON.stringify({ component: name, key: path, value: now ?? null, read }));
  else if (now === undefined) terminal.err(`Deleted "${path}" of ${name}`);
  else
    terminal.err(
      `"${path}" of ${name} is ${scalar(now)} again, from the next restart on: paas-local kato restart ${name}`,
    );
  return 0;
}

/** As kato does: what looks like a number or a truth value is one. */
function guessed(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function* flat(value: Json, path: string): Generator<string> {
  if (!isMapping(value)) {
    yield `${path} ${scalar(value)}`.trimStart();
    return;
  }
  for (const [key, inner] of Object.entries(value)) yield* flat(inner, path === '' ? key : `${path}/${key}`);
}

function scalar(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function valueAt(config: Json, path: string): Json | undefined {
  let value: Json | undefined = config;
  for (const part of path.split('/')) {
    if (!isMapping(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

function isMapping(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(message: string): PaasError {
  return new PaasError('USAGE', { message, hint: USAGE });
}
