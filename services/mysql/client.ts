/**
 * As much of MySQL's protocol (4.1 and later) as it takes to log in and run statements, on MySQL and MariaDB: to see
 * that a server serves, and to check a user's URL before the app meets it.
 */
import { constants, createHash, publicEncrypt } from 'node:crypto';
import { LoginRefused, Wire } from '../kit/wire.ts';

export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Empty: none. */
  readonly database: string;
  readonly tls?: boolean;
}

export type Row = readonly (string | null)[];

const SESSION_MS = 10_000;
const CAPABILITIES = {
  longPassword: 1,
  longFlag: 1 << 2,
  connectWithDatabase: 1 << 3,
  protocol41: 1 << 9,
  ssl: 1 << 11,
  transactions: 1 << 13,
  secureConnection: 1 << 15,
  pluginAuth: 1 << 19,
} as const;
const UTF8MB4 = 45;
const MAX_PACKET = 0x1000000;
/** Access denied, unknown database, host not allowed. */
const REFUSALS = new Set([1044, 1045, 1049, 1130, 1698]);

export class MysqlClient implements Disposable {
  readonly #wire: Wire;
  #sequence = 0;
  #secured = false;
  serverVersion = '';

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** @throws LoginRefused; Error where there is no server, or it does not serve yet */
  static async connect(
    address: MysqlAddress,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<MysqlClient> {
    const { host, port } = address;
    const wire = await Wire.open({ host, port, timeoutMs: SESSION_MS, ...options });
    try {
      const client = new MysqlClient(wire);
      await client.#logIn(address);
      return client;
    } catch (error) {
      wire[Symbol.dispose]();
      throw error;
    }
  }

  /** Runs one statement; gives its rows, or none. */
  async query(sql: string): Promise<readonly Row[]> {
    this.#sequence = 0;
    this.#send(Buffer.concat([Buffer.from([0x03]), Buffer.from(sql)]));
    const head = await this.#receive();
    if (head[0] === 0xff) throw asError(head);
    if (head[0] === 0x00) return [];
    for (let column = readLength(head, 0).value; column > 0; column--) await this.#receive();
    await this.#receive(); // the end of the columns
    const rows: Row[] = [];
    for (;;) {
      const packet = await this.#receive();
      if (packet[0] === 0xfe && packet.length < 9) return rows;
      if (packet[0] === 0xff) throw asError(packet);
      rows.push(readRow(packet));
    }
  }

  [Symbol.dispose](): void {
    this.#sequence = 0;
    this.#send(Buffer.from([0x01]));
    this.#wire[Symbol.dispose]();
  }

  async #logIn({ user, password, database, tls }: MysqlAddress): Promise<void> {
    const greeting = readGreeting(await this.#receive());
    this.serverVersion = greeting.version;
    const flags =
      CAPABILITIES.longPassword |
      CAPABILITIES.longFlag |
      CAPABILITIES.protocol41 |
      CAPABILITIES.transactions |
      CAPABILITIES.secureConnection |
      CAPABILITIES.pluginAuth |
      (database === '' ? 0 : CAPABILITIES.connectWithDatabase) |
      (tls ? CAPABILITIES.ssl : 0);
    const head = Buffer.alloc(32);
    head.writeUInt32LE(flags, 0);
    head.writeUInt32LE(MAX_PACKET, 4);
    head[8] = UTF8MB4;
    if (tls) {
      this.#send(head);
      await this.#wire.secure({ verify: false });
      this.#secured = true;
    }
    let { plugin, salt } = greeting;
    const proof = prove(plugin, password, salt) ?? Buffer.alloc(0);
    this.#send(
      Buffer.concat([
        head,
        cString(user),
        Buffer.from([proof.length]),
        proof,
        ...(database === '' ? [] : [cString(database)]),
        cString(plugin),
      ]),
    );
    for (;;) {
      const packet = await this.#receive();
      if (packet[0] === 0x00) return;
      if (packet[0] === 0xff) throw asError(packet);
      if (packet[0] === 0xfe) {
        const end = packet.indexOf(0, 1);
        plugin = packet.toString('latin1', 1, end);
        salt = packet.subarray(end + 1, end + 21);
        const answer = prove(plugin, password, salt);
        if (!answer)
          throw new LoginRefused(`the server wants a way of logging in that is not known here (${plugin})`);
        this.#send(answer);
      } else if (packet[0] === 0x01) await this.#goOn(packet, password, salt);
    }
  }

  /** `caching_sha2_password`: 3 is yes; 4 asks for the whole password, which is sent encrypted. */
  async #goOn(packet: Buffer, password: string, salt: Buffer): Promise<void> {
    if (packet[1] !== 4) return;
    if (this.#secured) {
      this.#send(cString(password));
      return;
    }
    this.#send(Buffer.from([0x02]));
    const key = (await this.#receive()).toString('latin1', 1);
    const plain = cString(password);
    const masked = Buffer.from(plain.map((byte, index) => byte ^ salt[index % salt.length]!));
    this.#send(publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING }, masked));
  }

  async #receive(): Promise<Buffer> {
    const head = await this.#wire.read(4);
    this.#sequence = head[3]! + 1;
    return this.#wire.read(head.readUIntLE(0, 3));
  }

  #send(body: Buffer): void {
    const head = Buffer.alloc(4);
    head.writeUIntLE(body.length, 0, 3);
    head[3] = this.#sequence++ & 0xff;
    this.#wire.write(Buffer.concat([head, body]));
  }
}

export const identifier = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
export const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

function readGreeting(packet: Buffer): { version: string; plugin: string; salt: Buffer } {
  if (packet[0] === 0xff) throw asError(packet);
  if (packet[0] !== 10) throw new Error('it does not speak the MySQL protocol');
  const end = packet.indexOf(0, 1);
  const version = packet.toString('latin1', 1, end).replace(/^5\.5\.5-/, '');
  const first = packet.subarray(end + 5, end + 13);
  const rest = end + 13 + 1 + 2 + 1 + 2 + 2;
  const saltLength = Math.max(13, packet[rest]! - 8);
  const second = packet.subarray(rest + 11, rest + 11 + saltLength - 1);
  const pluginAt = rest + 11 + saltLength;
  const pluginEnd = packet.indexOf(0, pluginAt);
  const plugin = packet.toString('latin1', pluginAt, pluginEnd < 0 ? packet.length : pluginEnd);
  return { version, plugin: plugin === '' ? NATIVE : plugin, salt: Buffer.concat([first, second]) };
}

const NATIVE = 'mysql_native_password';

/** What shows that the password is known. Undefined for a way that is not known here. */
function prove(plugin: string, password: string, salt: Buffer): Buffer | undefined {
  const hash = (algorithm: string, ...parts: readonly Buffer[]): Buffer => {
    const digest = createHash(algorithm);
    for (const part of parts) digest.update(part);
    return digest.digest();
  };
  const mix = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, index) => byte ^ b[index]!));
  const secret = Buffer.from(password);
  switch (plugin) {
    case NATIVE: {
      if (password === '') return Buffer.alloc(0);
      const once = hash('sha1', secret);
      return mix(once, hash('sha1', salt.subarray(0, 20), hash('sha1', once)));
    }
    case 'caching_sha2_password': {
      if (password === '') return Buffer.alloc(0);
      const once = hash('sha256', secret);
      return mix(once, hash('sha256', hash('sha256', once), salt.subarray(0, 20)));
    }
    default:
      return undefined;
  }
}

function readRow(packet: Buffer): Row {
  const values: (string | null)[] = [];
  for (let at = 0; at < packet.length;) {
    if (packet[at] === 0xfb) {
      values.push(null);
      at += 1;
      continue;
    }
    const { value, next } = readLength(packet, at);
    values.push(packet.toString('utf8', next, next + value));
    at = next + value;
  }
  return values;
}

/** A number in one, three, four or nine bytes. */
function readLength(packet: Buffer, at: number): { value: number; next: number } {
  const first = packet[at]!;
  if (first === 0xfc) return { value: packet.readUInt16LE(at + 1), next: at + 3 };
  if (first === 0xfd) return { value: packet.readUIntLE(at + 1, 3), next: at + 4 };
  if (first === 0xfe) return { value: Number(packet.readBigUInt64LE(at + 1)), next: at + 9 };
  return { value: first, next: at + 1 };
}

function asError(packet: Buffer): Error {
  const code = packet.readUInt16LE(1);
  const text = packet.toString('utf8', 3).replace(/^#.{5}/, '');
  return REFUSALS.has(code) ? new LoginRefused(text) : new Error(text);
}

const cString = (text: string): Buffer => Buffer.from(`${text}\0`);
