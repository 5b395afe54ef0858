/** What holds for the decoders whatever comes in. Checked briefly by the suite, at length by `npm run fuzz`. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CARRY_BYTES, RECEIVE_BYTES } from '../../../../services/memcached/store/arena.ts';
import { cutAt } from './exchange.ts';
import * as input from './hostile-input.ts';
import { Client, stillCache } from './recorded.ts';

const LINE_MAX = 2048;
const KEPT_MOST = CARRY_BYTES + RECEIVE_BYTES;

/** The answers of a fresh cache to one client that sends these packets. */
function answersTo(packets: readonly Buffer[]): string {
  const client = new Client(stillCache());
  for (const packet of packets) client.receive(packet);
  return client.answers;
}

/** Asserts that the client was answered what it would have been had it sent all in one packet. */
function assertSame(client: Client, bytes: Buffer): void {
  const expected = answersTo([bytes]);
  if (client.ended && hasLongLine(bytes)) {
    // The one thing that depends on packets, as in memcached: a long line is fine if its end is there at once.
    assert.equal(client.answers, expected.slice(0, client.answers.length));
  } else {
    assert.equal(client.answers, expected);
  }
}

function hasLongLine(bytes: Buffer): boolean {
  for (let from = 0, to = 0; from < bytes.length; from = to + 1) {
    to = bytes.indexOf('\n', from);
    if (to < 0) to = bytes.length;
    if (to - from > LINE_MAX) return true;
  }
  return false;
}

function isRefused(answers: string): boolean {
  const isBinary = answers.charCodeAt(0) === 0x81;
  return isBinary ? answers.slice(6, 8) !== '\0\0' : /^(CLIENT_|SERVER_)?ERROR/.test(answers);
}

export const PROPERTIES = {
  'any split gives the same answers': fc.property(input.hostileStream, input.cuts, (bytes, cuts) => {
    const client = new Client(stillCache());
    for (const packet of cutAt(bytes, cuts)) client.receive(packet);
    assertSame(client, bytes);
  }),

  'a client that reads late gets the same answers': fc.property(
    fc.array(input.hostileStream, { minLength: 1, maxLength: 3 }),
    input.cuts,
    (streams, cuts) => {
      const bytes = Buffer.concat(streams);
      const client = new Client(stillCache(), true);
      for (const [at, packet] of cutAt(bytes, cuts).entries()) {
        client.receive(packet);
        if (at % 2 === 1) client.read();
      }
      client.read();
      assertSame(client, bytes);
    },
  ),

  'nothing is answered before a request is complete': fc.property(
    fc.oneof(input.textRequest, input.binaryRequest),
    fc.nat(100_000),
    (request, cut) => {
      fc.pre(!isRefused(answersTo([request]))); // what is malformed may be refused before all of it came
      const client = new Client(stillCache());
      client.receive(request.subarray(0, cut % request.length));
      assert.equal(client.answers, '');
    },
  ),

  'what is kept of unfinished requests is bounded': fc.property(
    fc.array(input.hostileStream, { minLength: 1, maxLength: 3 }),
    fc.nat(200),
    (streams, megabyteTenths) => {
      const client = new Client(stillCache());
      for (const bytes of streams) {
        client.receive(bytes);
        assert.ok(client.session.kept <= KEPT_MOST);
      }
      // Whatever was begun is now fed without an end.
      const flood = Buffer.alloc(100 * 1024, 'a');
      for (let i = 0; i < megabyteTenths; i++) {
        client.receive(flood);
        assert.ok(client.session.kept <= KEPT_MOST);
      }
    },
  ),

  'one client never changes what another is answered': fc.property(
    input.hostileStream,
    input.cuts,
    fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }),
    (bytes, cuts, numbers) => {
      const requests = numbers.map((number) =>
        Buffer.from(`set mine${number} 0 0 3\r\nabc\r\nget mine${number} mine0\r\nmg mine9 v\r\n`),
      );
      const cache = stillCache();
      const bad = new Client(cache);
      const good = new Client(cache);
      const packets = cutAt(bytes, cuts);
      // A flush is everybody's by intent.
      fc.pre(!bytes.includes('flush_all') && bytes[0] !== 0x80);
      for (let i = 0; i < Math.max(packets.length, requests.length); i++) {
        if (packets[i]) bad.receive(packets[i]!);
        if (requests[i]) good.receive(requests[i]!);
      }
      assert.equal(good.answers, answersTo(requests));
      bad.leave();
      assert.equal(good.ended, false);
    },
  ),
} as const;

const REPORT_MAX = 3000;

/** What broke a property, with the seed to see it again; empty if nothing did. */
export function describeFailure(result: fc.RunDetails<unknown>): string {
  return result.failed ? (fc.defaultReportMessage(result) ?? '').slice(0, REPORT_MAX) : '';
}
