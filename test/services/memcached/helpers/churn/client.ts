/** A client that asks at random, and knows what it may be answered. */
import * as requests from './requests.ts';
import { AnswerReader, type Answer, type Protocol } from './answers.ts';
import { BLOCK_BYTES_LEAST, makeBlock } from './values.ts';
import type { History } from './history.ts';
import type { Random } from '../random.ts';

/** Takes the answers to one request. @returns whether it was the last */
type Expectation = (answer: Answer) => boolean;

export interface ChurnLoad {
  readonly keys: readonly string[];
  /** Largest value stored. */
  readonly bytesMost: number;
  readonly megabytes: number;
  /** Whether to move memory about as well. */
  readonly upheavals: boolean;
}

const KEYS_AT_ONCE = 40;
const BYTES_LEAST = 10_000;
const TTLS = [0, 0, 0, 1000, 30];

export class ChurnClient {
  readonly protocol: Protocol;
  readonly #history: History;
  readonly #random: Random;
  readonly #load: ChurnLoad;
  readonly #reader: AnswerReader;
  readonly #expected: Expectation[] = [];
  /** Values that came back. */
  hits = 0;

  constructor(protocol: Protocol, history: History, random: Random, load: ChurnLoad) {
    this.protocol = protocol;
    this.#history = history;
    this.#random = random;
    this.#load = load;
    this.#reader = new AnswerReader(protocol);
  }

  /** Requests that were not answered yet. */
  get open(): number {
    return this.#expected.length;
  }

  /** @throws Error if it is not what may be answered */
  take(bytes: Buffer): void {
    for (const answer of this.#reader.take(bytes)) {
      const expectation = this.#expected[0];
      if (!expectation) throw new Error(`Answered though nothing was asked: ${describe(answer)}`);
      if (expectation(answer)) this.#expected.shift();
    }
  }

  /** @throws Error if something was left unanswered */
  assertAnswered(): void {
    if (this.open > 0 || this.#reader.left > 0) {
      throw new Error(`${this.open} requests have no answer; ${this.#reader.left} bytes are left`);
    }
  }

  /** The next request to send. */
  ask(): Buffer {
    const random = this.#random;
    const chance = random.below(100);
    if (chance < 35) return this.#get();
    if (chance < 75) return this.#store(random.pick(['set', 'set', 'set', 'add', 'replace']));
    if (chance < 87) return this.#store(random.pick(['append', 'prepend']));
    if (chance < 92) return this.#change('delete', requests.deleteRequest, [random.pick(this.#load.keys)]);
    if (chance < 95) return this.#status(requests.touchRequest(this.protocol, random.pick(this.#load.keys)));
    if (chance < 96) return this.#change('flush', requests.flushRequest, this.#load.keys);
    if (this.protocol === 'binary' || !this.#load.upheavals) return this.#get();
    if (chance < 99) return this.#status(requests.upheaval(random, this.#load.megabytes));
    return this.#dump();
  }

  #get(): Buffer {
    const random = this.#random;
    const keys = Array.from({ length: 1 + random.below(KEYS_AT_ONCE) }, () => random.pick(this.#load.keys));
    const asked = this.#history.now();
    let next = 0;
    const placeOf = (key: string, opaque: number): number => {
      const place = this.protocol === 'text' ? keys.indexOf(key, next) : opaque;
      const fits = place >= next && place < keys.length && (key === '' || keys[place] === key);
      if (!fits) throw new Error(`${key} (${opaque}) is no answer to ${keys.join(' ')} from ${next} on`);
      return place;
    };
    this.#expected.push((answer) => {
      if (answer.type === 'end') return true;
      if (answer.type !== 'value' && answer.type !== 'miss') throw unexpected(answer, 'values');
      const place = placeOf(answer.type === 'value' ? answer.key : '', answer.opaque);
      next = place + 1;
      if (answer.type === 'value') {
        this.hits++;
        this.#history.check(keys[place]!, answer.value, asked);
      }
      return false;
    });
    return requests.getRequest(this.protocol, keys, random);
  }

  #store(verb: requests.StoreVerb): Buffer {
    const random = this.#random;
    const key = random.pick(this.#load.keys);
    const kind = verb === 'append' ? 'A' : verb === 'prepend' ? 'P' : 'S';
    const version = this.#history.nextVersion();
    const change = kind === 'S' ? this.#history.asked(key, verb, version) : undefined;
    this.#expected.push((answer) => {
      if (answer.type !== 'status') throw unexpected(answer, verb);
      const stored = ['STORED', 'HD', 'OK'].includes(answer.text);
      if (!stored && !/^(NOT_STORED|NS|NOT_FOUND|NF|SERVER_ERROR .*)$/.test(answer.text))
        throw unexpected(answer, verb);
      if (!change) {
        if (!stored) this.#history.refused(version);
      } else if (stored) this.#history.done(change);
      else if (verb === 'set' && answer.text.endsWith('too large for cache')) {
        // What was there has gone all the same; of memory that ran out, memcached says the same when it has not.
        this.#history.refused(version);
        this.#history.done(change);
      } else this.#history.withdrawn(key, change);
      return true;
    });
    const value = makeBlock(kind, key, version, this.#size());
    return requests.storeRequest(this.protocol, verb, key, random.pick(TTLS), value);
  }

  /** Of all magnitudes, mostly large; now and then one that is too large. */
  #size(): number {
    const random = this.#random;
    const most = this.#load.bytesMost;
    if (random.once(40)) return most + random.below(most / 2);
    if (random.once(6)) return BLOCK_BYTES_LEAST + random.below(BYTES_LEAST);
    const magnitude = random.below(1000) / 1000;
    return Math.floor(BYTES_LEAST * ((most * 0.99) / BYTES_LEAST) ** magnitude);
  }

  #change(
    what: string,
    request: (protocol: Protocol, key: string) => Buffer,
    keys: readonly string[],
  ): Buffer {
    const changes = keys.map((key) => this.#history.asked(key, what));
    this.#expected.push((answer) => {
      if (answer.type !== 'status') throw unexpected(answer, what);
      for (const change of changes) this.#history.done(change);
      return true;
    });
    return request(this.protocol, keys[0]!);
  }

  #status(request: Buffer): Buffer {
    this.#expected.push((answer) => {
      if (answer.type !== 'status' && answer.type !== 'miss')
        throw unexpected(answer, request.toString('latin1'));
      return true;
    });
    return request;
  }

  #dump(): Buffer {
    this.#expected.push((answer) => {
      if (answer.type === 'row' || (answer.type === 'status' && answer.text === 'OK')) return false;
      if (answer.type !== 'status' && answer.type !== 'end') throw unexpected(answer, 'a dump');
      return true;
    });
    return requests.dump(this.#random);
  }
}

function describe(answer: Answer): string {
  return answer.type === 'value'
    ? `value of ${answer.key}, ${answer.value.length} bytes`
    : JSON.stringify(answer);
}

function unexpected(answer: Answer, asked: string): Error {
  return new Error(`${describe(answer)} is no answer to ${asked}`);
}
