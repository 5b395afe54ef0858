import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { smtp } from '../../../services/smtp/index.ts';
import { SmtpSession, type ReceivedMail } from '../../../services/smtp/session.ts';
import { serviceContext, startService } from '../helpers.ts';

const MAIL = [
  'EHLO laptop',
  'MAIL FROM:<me@example.com>',
  'RCPT TO:<you@example.com>',
  'RCPT TO:<her@example.com>',
  'DATA',
  'From: =?utf-8?B?w4Vrw6U=?= <me@example.com>',
  'Subject: =?utf-8?Q?caf=C3=A9?= at',
  ' noon',
  '',
  '..one dot',
  '.',
  'QUIT',
  '',
].join('\r\n');

/** What is said and what is kept of bytes in these pieces. */
function play(pieces: readonly string[]) {
  let said = '';
  let ended = false;
  const mails: ReceivedMail[] = [];
  const session = new SmtpSession({
    user: 'app',
    password: 'secret',
    onMail: (mail) => mails.push(mail),
    say: (text) => (said += text),
    hangUp: () => (ended = true),
  });
  for (const piece of pieces) session.receive(Buffer.from(piece, 'latin1'));
  return {
    codes: said
      .split('\r\n')
      .filter(Boolean)
      .map((line) => Number(line.slice(0, 3))),
    said,
    ended,
    mails,
  };
}

describe('a conversation', () => {
  test.each([
    ['whole', [MAIL]],
    ['byte by byte', MAIL.split('')],
    ['in threes', MAIL.match(/[\s\S]{1,3}/g)!],
  ])('%s: the mail as it was sent, its dots unstuffed', (_, pieces) => {
    const { codes, ended, mails } = play(pieces);
    expect(codes.filter((code) => code !== 250)).toEqual([220, 354, 221]);
    expect(ended).toBe(true);
    expect(mails).toMatchObject([{ from: 'me@example.com', to: ['you@example.com', 'her@example.com'] }]);
    expect(mails[0]!.body.toString()).toMatch(/^From: [\s\S]+\r\n\r\n\.one dot\r\n$/);
  });

  const plain = (user: string, password: string) => Buffer.from(`\0${user}\0${password}`).toString('base64');
  const words = (...texts: readonly string[]) => texts.map((text) => Buffer.from(text).toString('base64'));
  test.each([
    ['the right login', `AUTH PLAIN ${plain('app', 'secret')}`, 235],
    ['a wrong one', `AUTH PLAIN ${plain('app', 'wrong')}`, 535],
    ['in steps', ['AUTH LOGIN', ...words('app', 'secret')].join('\r\n'), 235],
    ['an unknown way', 'AUTH CRAM-MD5', 504],
    ['a recipient before the sender', 'RCPT TO:<a@b>', 503],
    ['a sender without brackets', 'MAIL FROM:me', 501],
    ['a mail too large', 'MAIL FROM:<a@b> SIZE=999999999', 552],
    ['TLS', 'STARTTLS', 502],
    ['nonsense', '\u0000\u0001', 500],
  ])('%s', (_, line, code) => {
    expect(play(['EHLO x\r\n', `${line}\r\n`]).codes.at(-1)).toBe(code);
  });

  test('a line without an end does not grow without a bound', () => {
    const { codes, ended } = play(Array.from({ length: 10 }, () => 'x'.repeat(1000)));
    expect(codes.at(-1)).toBe(500);
    expect(ended).toBe(true);
  });

  test('a page in a browser cannot send mail by posting it', () => {
    const { mails, codes, ended } = play([`POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${MAIL}`]);
    expect({ mails, codes, ended }).toEqual({ mails: [], codes: [220, 421], ended: true });
  });

  test('an empty mail', () => {
    const { mails } = play(['EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n.\r\n']);
    expect(mails).toMatchObject([{ from: '', to: ['a@b'] }]);
    expect(mails[0]!.body.length).toBe(0);
  });
});

test('a caught mail is shown, kept from one life to the next, and gone after a reset', async () => {
  const context = serviceContext(smtp);
  const first = await smtp.start(undefined, context);
  await send(first.endpoint.port, MAIL);
  await first[Symbol.asyncDispose]();
  const second = await startService(smtp, context);
  expect(await second.stats()).toMatchObject({ mails: 1 });
  expect(await second.contents!()).toEqual([
    expect.stringMatching(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}Åkå <me@example\.com> → <you@example\.com>, <her@example\.com>: café at noon$/,
    ),
  ]);
  await second.reset();
  expect(await second.contents!()).toEqual([]);
});

/** Until the server hangs up. */
function send(port: number, text: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  socket.write(text);
  socket.resume();
  return new Promise((resolve, reject) => {
    socket.once('close', () => resolve());
    socket.once('error', reject);
  });
}
