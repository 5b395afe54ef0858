/** `drain add|delete|list` and `drains`: where the log lines of an app go besides its own log. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { drainsOf, type DrainPlan } from '../../runtime/plan/drains.ts';
import { connect, connectIfRunning } from '../connect.ts';
import { anyPort, type Context } from '../context.ts';
import { table } from '../render/table.ts';
import { oneApp, rememberedApp } from '../which-app.ts';

const USAGE = [
  'paas-local drain add [APP] NAME URL [--json]',
  'paas-local drain delete [APP] NAME',
  'paas-local drain list [APP]',
].join('\n');

export async function drain(context: Context, [action, ...rest]: readonly string[]): Promise<number> {
  if (action === 'list' && rest.length <= 1) return drains(context, rest[0]);
  if (action === 'add' && (rest.length === 2 || rest.length === 3)) return add(context, rest);
  if (action === 'delete' && (rest.length === 1 || rest.length === 2)) return remove(context, rest);
  throw new PaasError('USAGE', { message: `Cannot "drain ${[action, ...rest].join(' ')}"`, hint: USAGE });
}

export async function drains(context: Context, name: string | undefined): Promise<number> {
  const app = await oneApp(context, name);
  const listed = await listDrains(context, app);
  if (context.json) context.terminal.out(JSON.stringify({ app, drains: listed }));
  else show(context, app, listed);
  return 0;
}

async function add(context: Context, words: readonly string[]): Promise<number> {
  const [given, name, url] = words.length === 3 ? words : [undefined, ...words];
  const app = await oneApp(context, given);
  using client = await connect(context, anyPort(context));
  // Stackato's client has --json for the lines; here it is for what the command prints too.
  const wanted = { name: name!, url: url!, json: context.json };
  const { drains: listed } = await client.call('add-drain', { app, drain: wanted });
  done(context, app, listed);
  return 0;
}

async function remove(context: Context, words: readonly string[]): Promise<number> {
  const [given, name] = words.length === 2 ? words : [undefined, words[0]];
  const app = await oneApp(context, given);
  using client = await connect(context, anyPort(context));
  const { drains: listed } = await client.call('delete-drain', { app, name: name! });
  done(context, app, listed);
  return 0;
}

function done({ terminal, json }: Context, app: string, listed: readonly DrainPlan[]): void {
  terminal.out(json ? JSON.stringify({ app, drains: listed }) : 'OK');
}

function show({ terminal }: Context, app: string, listed: readonly DrainPlan[]): void {
  if (listed.length === 0) {
    terminal.out(`No drains of app ${app}`);
    return;
  }
  const rows = listed.map(({ name, json, url, from }) => [name, json ? 'yes' : 'no', url, from]);
  for (const line of table(['Name', 'Json', 'Url', 'From'], rows)) terminal.out(line);
}

/** From the host, or what the space remembers. */
async function listDrains(context: Context, app: string): Promise<readonly DrainPlan[]> {
  using client = await connectIfRunning(context);
  if (client) return (await client.call('drains', { app })).drains;
  const { plan, services } = rememberedApp(context, app);
  return drainsOf(plan, (name) => services[name]?.plan);
}
