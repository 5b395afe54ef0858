/** What `-vv` tells on stderr: who comes and goes, what they ask, what they are answered; with `-vvv` what is looked up. */
import { HEADER_BYTES, OP, STATUS } from '../protocol/binary/codes.ts';
import { errorWords, packetWords } from './packet-words.ts';
import { harmless } from './harmless.ts';
import { binaryStep } from '../protocol/binary/step.ts';
import { Session, type Step } from '../protocol/session.ts';
import { FIRST_LISTENER } from '../stats/connections.ts';
import type { Cache } from '../cache.ts';
import type { Transport } from '../protocol/transport.ts';

const LF = 0x0a;
const STATUS_AT = 6;
const BODY_LENGTH_AT = 8;
const ROW_BYTES = 4;

/** The same session, which tells what happens in it. */
export function narratedSession(cache: Cache, transport: Transport, say: (line: string) => void): Session {
  const narrator = new Narrator(transport, cache.lookups, say);
  const session = new Session(cache, narrator);
  narrator.session = session;
  const undecided = session.step;
  let step = undecided;
  let inside = false;
  const tell: Step = (self, at, end) => {
    // The first step hands on to the one it chose.
    if (inside) return step(self, at, end);
    session.flush(); // what followed a value that came in pieces
    inside = true;
    narrator.hold();
    const before = step;
    const next = step(self, at, end);
    inside = false;
    const decided =
      before === undecided && step !== undecided && cache.settings.protocol === 'auto-negotiate';
    if (decided) narrator.tellProtocol(step === binaryStep);
    if (next !== at) narrator.tellRequest(cache, at, next, step === binaryStep);
    narrator.tellLookups();
    session.flush(); // answers are told between requests, not behind those that came together
    narrator.release();
    narrator.tellEnd(cache, at);
    return next;
  };
  Object.defineProperty(session, 'step', {
    get: () => tell,
    set(chosen: Step) {
      step = chosen;
    },
  });
  return session;
}

/** As memcached names what a connection may speak. */
export function newClient({ settings }: Cache, { number }: Session): string {
  const { protocol } = settings;
  return `<${number} new ${protocol === 'auto-negotiate' ? 'auto-negotiating client connection' : `${protocol} client connection.`}`;
}

export function listening({ settings, network }: Cache): string[] {
  return network.listeners.map((_, at) => `<${FIRST_LISTENER + at} server listening (${settings.protocol})`);
}

export function slabTable({ store }: Cache): string[] {
  const { classes } = store;
  return Array.from({ length: classes.largest }, (_, at) => {
    const [id, size] = [String(at + 1).padStart(3), String(classes.sizes[at + 1]).padStart(9)];
    return `slab class ${id}: chunk size ${size} perslab ${String(classes.chunksPerPage(at + 1)).padStart(7)}`;
  });
}

/** Hands everything on, and tells what is sent. */
class Narrator implements Transport {
  session!: Session;
  readonly #transport: Transport;
  readonly #lookups: string[];
  readonly #say: (line: string) => void;
  #binary = false;
  /** Of the last binary answer. */
  #lastStatus: number = STATUS.ok;
  /** Bytes of values still to come, which are not told. */
  #skip = 0;
  /** Answers of the request being served, told after it. */
  #held: Buffer[] | undefined;

  constructor(transport: Transport, lookups: string[], say: (line: string) => void) {
    this.#transport = transport;
    this.#lookups = lookups;
    this.#say = say;
  }

  get blocked(): boolean {
    return this.#transport.blocked;
  }

  get address(): string {
    return this.#transport.address;
  }

  get listenAddress(): string {
    return this.#transport.listenAddress;
  }

  hold(): void {
    this.#held = [];
    this.#lastStatus = STATUS.ok;
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bytes of held) this.#tellAnswers(bytes);
  }

  send(bytes: Buffer): boolean {
    this.#tell(bytes);
    return this.#transport.send(bytes);
  }

  sendAll(pieces: readonly Buffer[]): boolean {
    for (const piece of pieces) this.#tell(piece);
    return this.#transport.sendAll(pieces);
  }

  afterDrain(callback: () => void): void {
    this.#transport.afterDrain(callback);
  }

  pause(): void {
    this.#transport.pause();
  }

  unpause(): void {
    this.#transport.unpause();
  }

  end(): void {
    this.#transport.end();
  }

  destroy(): void {
    this.#transport.destroy();
  }

  tellProtocol(binary: boolean): void {
    this.#binary = binary;
    this.#say(`${this.session.number}: Client using the ${binary ? 'binary' : 'ascii'} protocol`);
  }

  tellRequest({ store, settings }: Cache, at: number, next: number, binary: boolean): void {
    this.#binary = binary;
    const { arena } = store;
    if (binary) {
      this.#tellHeader(
        '<',
        'Read binary protocol data:',
        arena.bytes.subarray(at, at + HEADER_BYTES),
        '    ',
      );
      // What is not well-formed ends the connection, and is not put in words.
      const words = this.session.closing
        ? undefined
        : packetWords(arena, at, this.session.number, settings.sasl);
      if (words !== undefined) this.#say(words);
      return;
    }
    const length = arena.bytes.subarray(at, next).indexOf(LF);
    if (length < 0) return; // too long a line
    this.#say(`<${this.session.number} ${harmless(arena.text(at, at + length))}`);
  }

  /** Why a binary connection ends, if its last answer does not say. */
  tellEnd({ store }: Cache, at: number): void {
    if (this.#lastStatus !== STATUS.invalid || !this.session.closing) return;
    const opcode = store.arena.bytes[at + 1]!.toString(16).padStart(2, '0');
    this.#say(`Protocol error (opcode ${opcode}), close connection ${this.session.number}`);
  }

  tellLookups(): void {
    for (const line of this.#lookups.splice(0)) this.#say(harmless(line));
  }

  #tell(bytes: Buffer): void {
    if (this.#held) {
      this.#held.push(Buffer.from(bytes));
      return;
    }
    this.tellLookups();
    this.#tellAnswers(bytes);
  }

  #tellAnswers(bytes: Buffer): void {
    let at = Math.min(this.#skip, bytes.length);
    this.#skip -= at;
    while (this.#binary && at < bytes.length) {
      const header = bytes.subarray(at, at + HEADER_BYTES);
      if (header.length < HEADER_BYTES) return;
      // memcached does not tell statistics.
      const next = at + HEADER_BYTES + header.readUInt32BE(BODY_LENGTH_AT);
      this.#lastStatus = header.readUInt16BE(STATUS_AT);
      const wrong = errorWords(bytes.subarray(at, next));
      if (wrong !== undefined) this.#say(`>${this.session.number} Writing an error: ${harmless(wrong)}`);
      if (header[1] !== OP.stat || this.#lastStatus !== STATUS.ok)
        this.#tellHeader('>', 'Writing bin response:', header, '   ');
      at = next;
      this.#skip = Math.max(0, at - bytes.length);
    }
    while (at < bytes.length) {
      const end = bytes.indexOf(LF, at);
      if (end < 0) return;
      this.#tellLine(bytes.toString('latin1', at, end).trimEnd());
      at = end + 1 + this.#skip;
      this.#skip = Math.max(0, at - bytes.length);
    }
  }

  /** memcached tells neither statistics nor what meta requests are answered. */
  #tellLine(line: string): void {
    const [, key, length, meta] = /^(?:VALUE (\S+) \d+ (\d+)|VA (\d+))/.exec(line) ?? [];
    const valueBytes = length ?? meta;
    if (valueBytes !== undefined) this.#skip = Number(valueBytes) + 2;
    if (key !== undefined) this.#say(`>${this.session.number} sending key ${harmless(key)}`);
    else if (!/^(STAT|VA|HD|EN|NF|NS|EX|MN|ME)\b/.test(line)) {
      this.#say(`>${this.session.number} ${harmless(line)}`);
    }
  }

  #tellHeader(direction: string, title: string, bytes: Buffer, indent: string): void {
    const { number } = this.session;
    this.#say(`${direction}${number} ${title}`);
    for (let at = 0; at < bytes.length; at += ROW_BYTES) {
      const row = [...bytes.subarray(at, at + ROW_BYTES)].map(
        (byte) => `0x${byte.toString(16).padStart(2, '0')}`,
      );
      this.#say(`${direction}${number}${indent}${row.join(' ')}`);
    }
  }
}
