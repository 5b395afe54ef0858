/** `fault`, `faults`: outages on demand of what runs in the space. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { describeFault, type ActiveFault, type AnyFault } from '../../runtime/platform/fault.ts';
import { describeMs } from '../../runtime/platform/words.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { parseDuration } from '../define.ts';
import { table } from '../render/table.ts';

export interface FaultOptions extends CommonOptions {
  /** Milliseconds. */
  readonly for?: number;
}

const DEFAULT_MESSAGE = 'made to fail';

/** `TARGET KIND [ARGUMENTS]`, or `clear [TARGET]`. */
export async function fault(
  context: Context,
  [target = '', kind, ...rest]: readonly string[],
  options: FaultOptions,
): Promise<number> {
  if (target === 'clear') return clear(context, kind);
  if (kind === undefined)
    throw usage(
      `Cannot tell what to do to "${target}"`,
      `For example: paas-local fault ${target} down --for 10s`,
    );
  const wanted = parseFault(kind, rest);
  using client = await connect(context, anyPort(context));
  const forMs = options.for;
  const { count } = await client.call('fault', {
    target,
    fault: wanted,
    ...(forMs === undefined ? {} : { forMs }),
  });
  const { terminal, json } = context;
  if (json) {
    terminal.out(JSON.stringify({ target, fault: wanted, count, ...(forMs === undefined ? {} : { forMs }) }));
    return 0;
  }
  const met = count > 0 ? ` (${count})` : '';
  terminal.out(
    `${target}: ${describeFault(wanted)}${met}${forMs === undefined ? '' : `, for ${describeMs(forMs)}`}`,
  );
  return 0;
}

async function clear(context: Context, target: string | undefined): Promise<number> {
  using client = await connect(context, anyPort(context));
  await client.call('clear-faults', target === undefined ? {} : { target });
  if (context.json) context.terminal.out(JSON.stringify({ cleared: target ?? null }));
  else context.terminal.out(`${target ?? 'Everything'} is as usual again`);
  return 0;
}

export async function faults(context: Context): Promise<number> {
  using client = await connect(context, anyPort(context));
  const { faults: active } = await client.call('faults', {});
  const { terminal, json } = context;
  if (json) terminal.out(JSON.stringify({ faults: active }));
  else if (active.length === 0) terminal.out('No outages.');
  else for (const line of table(['target', 'fault', 'ends in'], active.map(row))) terminal.out(line);
  return 0;
}

const row = ({ target, fault: shown, leftMs }: ActiveFault): string[] => [
  target,
  describeFault(shown),
  leftMs === undefined ? 'not by itself' : describeMs(leftMs),
];

/** @throws PaasError `USAGE` */
function parseFault(kind: string, rest: readonly string[]): AnyFault {
  const [first, second] = rest;
  switch (kind) {
    case 'down':
    case 'up':
    case 'freeze':
    case 'drop-connections':
    case 'crash':
    case 'pause':
    case 'out-of-memory':
      return { kind };
    case 'latency':
      return { kind, ms: time(kind, first), jitterMs: second === undefined ? 0 : time(kind, second) };
    case 'bandwidth':
      return { kind, bytesPerSecond: whole(kind, first) };
    case 'fail-next':
      return {
        kind,
        count: first === undefined ? 1 : whole(kind, first),
        message: rest.slice(1).join(' ') || DEFAULT_MESSAGE,
      };
    case 'evict':
    case 'expire':
      return { kind, ...(first === undefined ? {} : { key: first }) };
    case 'abort':
      return { kind, ...(first === undefined ? {} : { count: whole(kind, first) }) };
    default:
      throw usage(
        `Cannot do "${kind}": there is no such fault`,
        'Services: down, up, freeze, latency TIME [JITTER], bandwidth BYTES, drop-connections, fail-next [N] [MESSAGE], evict [KEY], expire [KEY]; apps: crash, pause, up, out-of-memory; router: latency TIME, abort [N]',
      );
  }
}

function time(kind: string, text: string | undefined): number {
  const ms = text === '0' ? 0 : parseDuration(text ?? '');
  if (ms !== undefined) return ms;
  throw usage(`Cannot read "${text ?? ''}" as the time of ${kind}`, `For example: ${kind} 200ms`);
}

function whole(kind: string, text: string | undefined): number {
  const value = Number(text);
  if (text !== undefined && Number.isInteger(value) && value >= 0) return value;
  throw usage(`Cannot read "${text ?? ''}" as the number of ${kind}`, `For example: ${kind} 3`);
}

const usage = (message: string, hint: string): PaasError => new PaasError('USAGE', { message, hint });
