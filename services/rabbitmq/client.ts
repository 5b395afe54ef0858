/** As much of AMQP 0-9-1 as it takes to log in and open a virtual host. */
import { LoginRefused, Wire } from '../kit/wire.ts';

export interface AmqpAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  readonly tls?: boolean;
}

const SESSION_MS = 10_000;
const HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);
const METHOD_FRAME = 1;
const FRAME_END = 0xce;
const CONNECTION = 10;
const START = 10;
const START_OK = 11;
const TUNE = 30;
const TUNE_OK = 31;
const OPEN = 40;
const OPEN_OK = 41;
const CLOSE = 50;

/**
 * Logs in, and out again.
 * @returns what the server says it is: `RabbitMQ 3.10.8`
 * @throws LoginRefused; Error where there is no server, or it does not serve yet
 */
export async function tryLogin(
  address: AmqpAddress,
  options: { readonly signal?: AbortSignal } = {},
): Promise<string> {
  const { host, port, user, password, vhost, tls } = address;
  using wire = await Wire.open({ host, port, timeoutMs: SESSION_MS, signal: options.signal });
  if (tls) await wire.secure({ verify: true });
  wire.write(HEADER);
  const start = await receive(wire, START);
  // Version 0-9 and a table of properties, of which two are of interest.
  const text = start.toString('latin1');
  const property = (name: string): string =>
    new RegExp(`${name}S[\\s\\S]{3}.([\\w.-]+)`).exec(text)?.[1] ?? '';
  // Without this a wrong password is answered by silence and a closed connection.
  const table = Buffer.concat([longString('capabilities', tableOf(flag('authentication_failure_close')))]);
  const proof = Buffer.from(`\0${user}\0${password}`);
  send(wire, START_OK, [sized(table), shortString('PLAIN'), sized(proof), shortString('en_US')]);
  const tune = await receive(wire, TUNE);
  // The server's own limits, taken as they are; no heartbeat, since we leave at once.
  send(wire, TUNE_OK, [tune.subarray(0, 6), Buffer.from([0, 0])]);
  send(wire, OPEN, [shortString(vhost), shortString(''), Buffer.from([0])]);
  await receive(wire, OPEN_OK);
  send(wire, CLOSE, [Buffer.from([0, 200]), shortString(''), Buffer.from([0, 0, 0, 0])]);
  return `${property('product') || 'an AMQP broker'} ${property('version')}`.trim();
}

async function receive(wire: Wire, wanted: number): Promise<Buffer> {
  const head = await wire.read(7);
  // A server of another protocol version says so with its own header, and hangs up.
  if (head.subarray(0, 4).equals(HEADER.subarray(0, 4))) throw new Error('it does not speak AMQP 0-9-1');
  const body = await wire.read(head.readUInt32BE(3) + 1);
  const method = body.readUInt16BE(2);
  if (method === wanted) return body.subarray(4, -1);
  if (method !== CLOSE) throw new Error(`it answered with something else (${method})`);
  const code = body.readUInt16BE(4);
  const length = body[6]!;
  const reason = body.toString('utf8', 7, 7 + length);
  // 403 refused, 530 no such virtual host
  throw code === 403 || code === 530 ? new LoginRefused(reason) : new Error(reason);
}

function send(wire: Wire, method: number, parts: readonly Buffer[]): void {
  const ids = Buffer.from([0, CONNECTION, 0, method]);
  const payload = Buffer.concat([ids, ...parts]);
  const head = Buffer.from([METHOD_FRAME, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 3);
  wire.write(Buffer.concat([head, payload, Buffer.from([FRAME_END])]));
}

function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const shortString = (text: string): Buffer =>
  Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
const tableOf = (fields: Buffer): Buffer => Buffer.concat([Buffer.from('F'), sized(fields)]);
const flag = (name: string): Buffer => Buffer.concat([shortString(name), Buffer.from('t'), Buffer.from([1])]);
const longString = (name: string, value: Buffer): Buffer => Buffer.concat([shortString(name), value]);
