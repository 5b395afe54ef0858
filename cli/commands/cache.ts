/** `cache NAME …`: what a cache holds and what happens in it, for people. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { CacheConsole } from '../cache-console.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { decodeKey, fieldsOf, logLine } from '../render/cache-line.ts';
import { harmless } from '../render/terminal.ts';
import { pairs, table } from '../render/table.ts';
import { untilSignal } from '../signals.ts';

export interface CacheOptions extends CommonOptions {
  readonly ttl?: number;
  readonly flags?: number;
}

interface Request {
  readonly context: Context;
  readonly service: string;
  readonly cache: CacheConsole;
  readonly args: readonly string[];
  readonly options: CacheOptions;
}

interface Action {
  /** As the usage shows what follows it. */
  readonly usage: string;
  readonly least: number;
  readonly most: number;
  readonly run: (request: Request) => Promise<number>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  keys: { usage: 'keys', least: 0, most: 0, run: keys },
  get: { usage: 'get KEY', least: 1, most: 1, run: get },
  set: { usage: 'set KEY VALUE [--ttl SECONDS] [--flags NUMBER]', least: 2, most: 2, run: set },
  delete: { usage: 'delete KEY', least: 1, most: 1, run: remove },
  flush: { usage: 'flush', least: 0, most: 0, run: flush },
  watch: {
    usage: 'watch [fetchers] [mutations] [evictions] [deletions] [connevents]',
    least: 0,
    most: Infinity,
    run: watch,
  },
  stats: { usage: 'stats [settings|items|slabs|conns|sizes]', least: 0, most: 1, run: stats },
};

const KEY_MAX = 250;
const WATCHED = ['fetchers', 'mutations', 'evictions', 'deletions'];

export async function cache(
  context: Context,
  [service = '', verb = '', ...args]: readonly string[],
  options: CacheOptions,
): Promise<number> {
  const action = Object.hasOwn(ACTIONS, verb) ? ACTIONS[verb] : undefined;
  if (!action || args.length < action.least || args.length > action.most) {
    const ways = action ? [action] : Object.values(ACTIONS);
    throw new PaasError('USAGE', {
      message: action
        ? `Cannot ${verb}: the words do not fit`
        : `Cannot "${verb}" a cache: there is no such action`,
      hint: ways.map(({ usage }) => `paas-local cache ${service} ${usage}`).join('\n'),
    });
  }
  using client = await connect(context, anyPort(context));
  const { path } = await client.call('console', { name: service });
  using console = await CacheConsole.connect(path);
  return await action.run({ context, service, cache: console, args, options });
}

async function keys({ context, service, cache: console }: Request): Promise<number> {
  const found = [];
  const lines = console.list('lru_crawler metadump all');
  for (let next = await lines.next(); ; next = await lines.next()) {
    if (next.done) {
      if (next.value !== undefined && !next.value.startsWith('NOTSTARTED'))
        throw refused(service, 'keys', next.value);
      break;
    }
    const fields = fieldsOf(next.value);
    if (fields.key === undefined) continue;
    const expires = Number(fields.exp);
    found.push({
      key: decodeKey(fields.key),
      bytes: Number(fields.size),
      expires: expires < 0 ? null : new Date(expires * 1000).toISOString(),
      used: new Date(Number(fields.la) * 1000).toISOString(),
      fetched: fields.fetch === 'yes',
    });
  }
  found.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const { terminal, json } = context;
  if (json) {
    terminal.out(JSON.stringify({ service, keys: found }));
    return 0;
  }
  if (found.length === 0) {
    terminal.out(`Service ${service} holds nothing.`);
    return 0;
  }
  const rows = found.map((each) => [
    harmless(each.key, false),
    String(each.bytes),
    each.expires ?? 'never',
    each.used,
  ]);
  for (const line of table(['key', 'bytes', 'expires', 'last used'], rows)) terminal.out(line);
  return 0;
}

async function get({ context, service, cache: console, args: [key = ''] }: Request): Promise<number> {
  const found = await console.get(keyBytes(key));
  if (found === undefined) throw new PaasError('CACHE_KEY_NOT_FOUND', { service, key });
  if (typeof found === 'string') throw refused(service, 'get', found);
  const { value, flags, ttlSeconds } = found;
  const { terminal, json, world } = context;
  if (json) {
    const text = value.toString();
    const isText = Buffer.from(text).equals(value);
    const shown = isText ? { value: text } : { base64: value.toString('base64') };
    terminal.out(JSON.stringify({ service, key, flags, ttlSeconds: ttlSeconds ?? null, ...shown }));
  } else if (world.stdout.isTTY) {
    // Line by line, because what is stored may be meant for the terminal rather than for its reader.
    for (const line of value.toString().split('\n')) terminal.out(harmless(line, false));
  } else {
    world.stdout.write(value);
  }
  return 0;
}

async function set({ context, service, cache: console, args, options }: Request): Promise<number> {
  const [key = '', value = ''] = args;
  const bytes = keyBytes(key);
  const data = Buffer.from(value);
  // A key that was given in base64 is shown so ever after: only where it must be.
  const plain = /^[^\s\0]+$/.test(key);
  const name = plain ? bytes : Buffer.from(bytes.toString('base64'));
  const flags = [
    `F${options.flags ?? 0}`,
    ...(options.ttl === undefined ? [] : [`T${options.ttl}`]),
    ...(plain ? [] : ['b']),
  ];
  const answer = await console.ask(
    Buffer.concat([Buffer.from('ms '), name, Buffer.from(` ${data.length} ${flags.join(' ')}\r\n`), data]),
  );
  if (!answer.startsWith('HD')) throw refused(service, 'set', answer);
  done(context, { service, key, stored: true });
  return 0;
}

async function remove({ context, service, cache: console, args: [key = ''] }: Request): Promise<number> {
  const answer = await console.ask(`md ${keyBytes(key).toString('base64')} b`);
  if (answer.startsWith('NF')) throw new PaasError('CACHE_KEY_NOT_FOUND', { service, key });
  if (!answer.startsWith('HD')) throw refused(service, 'delete', answer);
  done(context, { service, key, deleted: true });
  return 0;
}

async function flush({ context, service, cache: console }: Request): Promise<number> {
  const answer = await console.ask('flush_all');
  if (answer !== 'OK') throw refused(service, 'flush', answer);
  done(context, { service, flushed: true });
  return 0;
}

async function stats({ context, service, cache: console, args: [what] }: Request): Promise<number> {
  const entries: [string, string][] = [];
  const lines = console.list(what === undefined ? 'stats' : `stats ${word(what)}`);
  for (let next = await lines.next(); ; next = await lines.next()) {
    if (next.done) {
      if (next.value !== undefined) throw refused(service, 'stats', next.value);
      break;
    }
    const [, name = '', value = ''] = /^STAT (\S+) ?(.*)$/.exec(next.value) ?? [];
    entries.push([name, value]);
  }
  const { terminal, json } = context;
  if (json) terminal.out(JSON.stringify(Object.fromEntries(entries)));
  else for (const line of entries.length > 0 ? pairs(entries) : []) terminal.out(line);
  return 0;
}

async function watch({ context, service, cache: console, args }: Request): Promise<number> {
  const words = args.length > 0 ? args.map(word) : WATCHED;
  const answer = await console.ask(`watch ${words.join(' ')}`);
  if (answer !== 'OK') throw refused(service, `watch ${words.join(' ')}`, answer);
  const { terminal, json } = context;
  const outcome = await untilSignal(show(), {
    onFirst: async () => console[Symbol.dispose](),
    onSecond: async () => {},
    output: context.world.output.lost,
  });
  return 'exitCode' in outcome ? outcome.exitCode : 0;

  async function show(): Promise<never> {
    for (;;) {
      const line = await console.line(Infinity);
      const fields = fieldsOf(line);
      if (fields.key !== undefined) fields.key = decodeKey(fields.key);
      if (json) terminal.out(JSON.stringify(fields));
      else terminal.out(harmless(logLine(fields), false));
    }
  }
}

function done(context: Context, facts: Readonly<Record<string, string | boolean>>): void {
  if (context.json) context.terminal.out(JSON.stringify(facts));
}

function keyBytes(key: string): Buffer {
  const bytes = Buffer.from(key);
  if (bytes.length >= 1 && bytes.length <= KEY_MAX) return bytes;
  throw new PaasError('USAGE', {
    message: `Cannot use a key of ${bytes.length} bytes: it has 1 to ${KEY_MAX}`,
  });
}

/** One word of a request: what follows it would be another request. */
function word(text: string): string {
  if (/^[a-z_]+$/.test(text)) return text;
  throw new PaasError('USAGE', { message: `Cannot use "${text}": a word of small letters is expected` });
}

function refused(service: string, action: string, answer: string): PaasError {
  return new PaasError('CACHE_REFUSED', { service, action, answer });
}
