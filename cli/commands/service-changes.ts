/** `create-service`, `bind-service` and their like: service instances by hand, in the order of words of cf or Stackato. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Json } from '../../services/kit/json.ts';
import type { ControlClient } from '../../runtime/control/client.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { showEvents } from '../render/reporter.ts';
import { oneApp } from '../which-app.ts';

export interface CreateServiceOptions extends CommonOptions {
  /** JSON, or a file of it. */
  readonly parameters?: string;
  readonly tags?: string;
}

export interface UserProvidedOptions extends CommonOptions {
  readonly credentials?: string;
  readonly syslogDrain?: string;
  readonly tags?: string;
}

/** `args` are TYPE PLAN NAME (cf), or TYPE [NAME [APP]] (Stackato), which binds it too. */
export async function createService(
  context: Context,
  args: readonly string[],
  options: CreateServiceOptions,
): Promise<number> {
  const [type = '', second, third] = args;
  const cfOrder = args.length === 3 && (second === 'free' || second === 'default');
  const name = (cfOrder ? third : second) ?? `${type}-${randomBytes(3).toString('hex').slice(0, 5)}`;
  const app = cfOrder ? undefined : third;
  const parameters = readJson(context, '-c', options.parameters);
  using client = await connect(context, anyPort(context));
  if (app !== undefined) await known(client, { type, name, app });
  const { created } = await client.call('create-service', {
    name,
    type,
    tags: tagsOf(options.tags),
    ...(parameters === undefined ? {} : { parameters }),
  });
  if (app !== undefined) await bindTo(context, client, app, name);
  if (context.json) context.terminal.out(JSON.stringify({ service: name, type, created, app: app ?? null }));
  else {
    context.terminal.out(
      created ? `Created ${type} service ${name}` : `Service instance ${name} already exists`,
    );
    context.terminal.out('OK');
  }
  return 0;
}

/** Before anything is made: three words that name no app are cf's, with a plan there is not. @throws PaasError `USAGE` */
async function known(
  client: ControlClient,
  { type, name, app }: { readonly type: string; readonly name: string; readonly app: string },
): Promise<void> {
  const { apps } = await client.call('snapshot', {});
  if (apps.some((one) => one.name === app)) return;
  throw new PaasError('USAGE', {
    message: `Cannot create service "${app}": ${type} has no plan "${name}"`,
    hint: `Every service type has one plan here: paas-local create-service ${type} free ${app}\nTYPE NAME APP is understood too; there is no app "${app}"`,
  });
}

/** Made, or told other credentials. */
export async function userProvided(
  context: Context,
  verb: 'create' | 'update',
  name: string,
  options: UserProvidedOptions,
): Promise<number> {
  const { terminal, json } = context;
  const credentials = readJson(context, '-p', options.credentials);
  const drain = options.syslogDrain === undefined ? {} : { syslog_drain_url: options.syslogDrain };
  const told = credentials !== undefined || options.syslogDrain !== undefined;
  const parameters: Json = { ...(credentials === undefined ? {} : { credentials }), ...drain };
  using client = await connect(context, anyPort(context));
  if (verb === 'create') {
    const tags = tagsOf(options.tags);
    await client.call('create-service', { name, type: 'user-provided', tags, parameters });
  } else
    await client.call('update-service', {
      name,
      ...(told ? { parameters } : {}),
      ...(options.tags === undefined ? {} : { tags: tagsOf(options.tags) }),
    });
  if (json) terminal.out(JSON.stringify({ service: name, type: 'user-provided' }));
  else {
    terminal.out('OK');
    if (verb === 'update') terminal.out("\nTIP: bound apps see the change after 'paas-local restart'");
  }
  return 0;
}

export interface UpdateServiceOptions extends CommonOptions {
  readonly parameters?: string;
  readonly tags?: string;
  readonly plan?: string;
}

/** Other options and tags. There is one plan of each type, so that cannot change. */
export async function updateService(
  context: Context,
  name: string,
  options: UpdateServiceOptions,
): Promise<number> {
  const { terminal, json } = context;
  if (options.plan !== undefined && options.plan !== 'free')
    throw new PaasError('USAGE', {
      message: `Cannot change service "${name}" to plan "${options.plan}"`,
      hint: 'Every service type has one plan here: free',
    });
  const parameters = readJson(context, '-c', options.parameters);
  using client = await connect(context, anyPort(context));
  await client.call('update-service', {
    name,
    ...(parameters === undefined ? {} : { parameters }),
    ...(options.tags === undefined ? {} : { tags: tagsOf(options.tags) }),
  });
  if (json) terminal.out(JSON.stringify({ service: name }));
  else {
    terminal.out('OK');
    terminal.out("\nTIP: bound apps see the change after 'paas-local restart'");
  }
  return 0;
}

/** Binds an app to all that another one is bound to. */
export async function cloneServices(context: Context, from: string, to: string): Promise<number> {
  const { terminal, json } = context;
  using client = await connect(context, anyPort(context));
  showEvents(client, context);
  const { apps } = await client.call('snapshot', {});
  const known = apps.map(({ name }) => name);
  const source = apps.find(({ name }) => name === from);
  if (!source) throw new PaasError('APP_NOT_FOUND', { app: from, known });
  const bound: string[] = [];
  for (const service of source.services)
    if ((await client.call('bind-service', { app: to, service })).changed) bound.push(service);
  if (json) terminal.out(JSON.stringify({ app: to, bound }));
  else {
    for (const service of bound) terminal.out(`Bound ${to} to ${service}`);
    terminal.out('OK');
  }
  return 0;
}

export async function renameService(context: Context, from: string, to: string): Promise<number> {
  const { terminal, json } = context;
  using client = await connect(context, anyPort(context));
  await client.call('rename-service', { from, to });
  terminal.out(json ? JSON.stringify({ service: to, was: from }) : 'OK');
  return 0;
}

/** `args` are APP SERVICE (cf) or SERVICE [APP] (Stackato): told apart by what is known under these names. */
export async function bind(
  context: Context,
  verb: 'bind-service' | 'unbind-service',
  args: readonly string[],
): Promise<number> {
  const { terminal, json } = context;
  using client = await connect(context, anyPort(context));
  showEvents(client, context);
  const { app, service } = await whichIsWhich(context, client, args);
  const { changed, restarted } = await client.call(verb, { app, service });
  if (json) terminal.out(JSON.stringify({ app, service, changed, restarted }));
  else {
    if (!changed)
      terminal.out(`App ${app} ${verb === 'bind-service' ? 'is already' : 'is not'} bound to ${service}.`);
    terminal.out('OK');
    if (changed && !restarted)
      terminal.out(`\nTIP: Use 'paas-local restart ${app}' to ensure your env variable changes take effect`);
  }
  return 0;
}

async function bindTo(context: Context, client: ControlClient, app: string, service: string): Promise<void> {
  showEvents(client, context);
  await client.call('bind-service', { app, service });
}

async function whichIsWhich(
  context: Context,
  client: ControlClient,
  [first = '', second]: readonly string[],
) {
  if (second === undefined) return { app: await oneApp(context, undefined), service: first };
  const { apps, services } = await client.call('snapshot', {});
  const isApp = (name: string): boolean => apps.some((app) => app.name === name);
  const isService = (name: string): boolean => services.some((service) => service.name === name);
  return isApp(second) && isService(first) && !(isApp(first) && isService(second))
    ? { app: second, service: first }
    : { app: first, service: second };
}

/** @throws PaasError `USAGE` */
function readJson(context: Context, flag: string, text: string | undefined): Json | undefined {
  if (text === undefined) return undefined;
  const given = text.trim().startsWith('{')
    ? text
    : readFile(resolve(context.cwd, text.replace(/^@/, '')), flag);
  try {
    return JSON.parse(given) as Json;
  } catch (error) {
    throw new PaasError('USAGE', {
      message: `Cannot read ${flag} as JSON: ${error instanceof Error ? error.message : String(error)}`,
      hint: `Write it in quotes, such as ${flag} '{"key": "value"}', or name a file of it`,
    });
  }
}

function readFile(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new PaasError('USAGE', {
      message: `Cannot use ${flag}: it is neither JSON nor a file ("${path}")`,
      hint: `Write it in quotes, such as ${flag} '{"key": "value"}'`,
    });
  }
}

const tagsOf = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter(Boolean);
