/** Requests that are made to fail, byte by byte and whole: what goes on, what is answered, what counts. */
import { describe, expect, test } from 'vitest';
import type { Failer } from '../../../services/kit/failer.ts';
import { MysqlFailer } from '../../../services/mysql/failer.ts';
import { PostgresFailer } from '../../../services/postgresql/failer.ts';
import { RedisFailer } from '../../../services/redis/failer.ts';
import { SmtpFailer } from '../../../services/smtp/failer.ts';

/** With the first `count` requests to fail as `why`, in chunks of `size` bytes. */
function play(failer: Failer, sent: Buffer, count: number, size = sent.length, why = 'no') {
  let left = count;
  const next = () => (left > 0 ? ((left -= 1), why) : undefined);
  let toEngine = '';
  let toClient = '';
  for (let at = 0; at < sent.length; at += size) {
    const taken = failer.take(sent.subarray(at, at + size), next);
    if (!taken) return 'unreadable';
    toEngine += Buffer.concat(taken.toEngine).toString('latin1');
    toClient += Buffer.concat(taken.toClient).toString('latin1');
  }
  return { toEngine, toClient, left, inside: failer.inside };
}

const pg = (letter: string, body = ''): Buffer => {
  const message = Buffer.alloc(5 + body.length);
  message.write(letter);
  message.writeUInt32BE(4 + body.length, 1);
  message.write(body, 5, 'latin1');
  return message;
};
const my = (sequence: number, ...bytes: readonly number[]): Buffer =>
  Buffer.from([bytes.length & 0xff, bytes.length >> 8, 0, sequence, ...bytes]);
const SIZES = [1, 3, 7, 10_000];

describe.each(SIZES)('in chunks of %i bytes', (size) => {
  test('redis: commands fail one by one; connecting does not count', () => {
    const auth = '*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n';
    const get = '*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n';
    const sent = Buffer.from(auth + get + get + get);
    expect(play(new RedisFailer(), sent, 2, size)).toEqual({
      toEngine: auth + get,
      toClient: '-ERR no\r\n-ERR no\r\n',
      left: 0,
      inside: false,
    });
    expect(play(new RedisFailer(), Buffer.from(get), 1, size, 'OOM no room')).toMatchObject({
      toClient: '-OOM no room\r\n',
    });
  });

  test('redis: what is typed by hand fails the same, and an empty line is nothing', () => {
    const typed = '"auth" p\r\n\r\n*0\r\n';
    expect(play(new RedisFailer(), Buffer.from(`${typed}set k v\nget k\r\n`), 1, size)).toEqual({
      toEngine: `${typed}get k\r\n`,
      toClient: '-ERR no\r\n',
      left: 0,
      inside: false,
    });
  });

  test('postgresql: a query, or a group up to its sync, becomes one that fails', () => {
    const group = [pg('P', '\0select 1\0\0\0'), pg('B', 'x'), pg('E', 'y'), pg('S')];
    const login = pg('p', 'secret');
    const sent = Buffer.concat([login, ...group, pg('Q', 'select 2\0'), ...group]);
    const played = play(new PostgresFailer(), sent, 2, size, '40001: try again');
    if (played === 'unreadable') throw new Error(played);
    const raised = /^p.{4}secretQ.{4}DO [^\0]*\0Q.{4}DO [^\0]*'40001'; END \$\$\0P/s;
    expect(played.toEngine).toMatch(raised);
    expect(played.toEngine.endsWith(Buffer.concat(group).toString('latin1'))).toBe(true);
    expect(played.toEngine).toContain(Buffer.from('try again').toString('hex'));
    expect(played).toMatchObject({ toClient: '', left: 0, inside: false });
  });

  test('postgresql: who asks for an answer before the sync gets one', () => {
    const sent = Buffer.concat([pg('P', '\0s\0\0\0'), pg('H'), pg('E', 'y'), pg('S'), pg('Q', 'select 2\0')]);
    const played = play(new PostgresFailer(), sent, 1, size, 'no');
    expect(played).toEqual({
      toEngine: Buffer.concat([pg('S'), pg('Q', 'select 2\0')]).toString('latin1'),
      toClient: pg('E', 'SERROR\0VERROR\0CXX000\0Mno\0\0').toString('latin1'),
      left: 0,
      inside: false,
    });
  });

  test('mysql: what is waited for is answered with an error, what is not goes on', () => {
    const login = my(1, 0x8d, 0xa6);
    const [ping, query, close] = [my(0, 0x0e), my(0, 0x03, 0x61), my(0, 0x19, 1, 0, 0, 0)];
    const sent = Buffer.concat([login, ping, query, close, query]);
    const answer = (number: number, text: string) =>
      my(1, 0xff, number & 0xff, number >> 8, ...Buffer.from(text)).toString('latin1');
    expect(play(new MysqlFailer(), sent, 1, size)).toEqual({
      toEngine: Buffer.concat([login, ping, close, query]).toString('latin1'),
      toClient: answer(1105, '#HY000no'),
      left: 0,
      inside: false,
    });
    expect(play(new MysqlFailer(), query, 1, size, '1213 (40001): Deadlock found')).toMatchObject({
      toClient: answer(1213, '#40001Deadlock found'),
    });
  });

  test('smtp: mails are put off, whatever stands in other mails', () => {
    const mail = 'MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nMAIL FROM:<x>\r\n.\r\n';
    expect(play(new SmtpFailer(), Buffer.from(`EHLO x\r\nMAIL FROM:<a@b>\r\n${mail}`), 1, size)).toEqual({
      toEngine: `EHLO x\r\n${mail}`,
      toClient: '451 no\r\n',
      left: 0,
      inside: false,
    });
  });
});

test('a packet that goes on in the next one fails or passes with it', () => {
  const full = Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0, 0x03]), Buffer.alloc(0xfffffe, 97)]);
  const failed = play(new MysqlFailer(), Buffer.concat([full, my(1, 97), my(0, 0x0e)]), 1, 1_000_000);
  expect(failed).toMatchObject({ toEngine: my(0, 0x0e).toString('latin1'), left: 0, inside: false });
});

test('TLS and bytes of no protocol are not guessed at', () => {
  const tls = Buffer.from([0x17, 3, 3, 0, 2, 1, 2]);
  expect(play(new PostgresFailer(), tls, 1)).toBe('unreadable');
  expect(play(new MysqlFailer(), tls, 1)).toBe('unreadable');
  expect(play(new RedisFailer(), tls, 1)).toBe('unreadable');
  expect(play(new RedisFailer(), Buffer.alloc(70_000, 'a'), 1)).toBe('unreadable');
  expect(play(new RedisFailer(), Buffer.alloc(100, '*'), 1)).toBe('unreadable');
  expect(play(new PostgresFailer(), Buffer.from('*1\r\n'), 1)).toBe('unreadable');
  expect(play(new SmtpFailer(), Buffer.alloc(1_100_000, 'a'), 1)).toBe('unreadable');
});
