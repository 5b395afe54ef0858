/**
 * One conversation of RFC 5321, with AUTH PLAIN and LOGIN (RFC 4954), SIZE and PIPELINING. A pure codec: bytes of any
 * split in, replies and whole mails out. A login is optional, but a wrong one is refused, as a real server would.
 */

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and text as sent, its dots unstuffed. */
  readonly body: Buffer;
}

export interface SmtpSessionOptions {
  readonly user: string;
  readonly password: string;
  readonly onMail: (mail: ReceivedMail) => void;
  readonly say: (text: string) => void;
  readonly hangUp: () => void;
}

const MAX_LINE_BYTES = 2000;
const MAX_MAIL_BYTES = 32 * 1024 * 1024;
const MAX_RECIPIENTS = 1000;
const LF = 0x0a;
const END_OF_DATA = Buffer.from('\r\n.\r\n');

type Expecting = 'command' | 'data' | 'auth-plain' | 'auth-user' | 'auth-password';

export class SmtpSession {
  readonly #options: SmtpSessionOptions;
  #expecting: Expecting = 'command';
  #pending: Buffer = Buffer.alloc(0);
  #greeted = false;
  #from: string | undefined;
  #to: string[] = [];
  #authUser = '';
  /** Chunks of the mail under way, and how many bytes they are; too large ones are read to their end and refused. */
  #data: Buffer[] = [];
  #dataBytes = 0;
  #ended = false;

  constructor(options: SmtpSessionOptions) {
    this.#options = options;
    this.#say(220, 'paas-local catches mail');
  }

  receive(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (!this.#ended) {
      if (this.#expecting === 'data') {
        if (!this.#takeData()) return;
        continue;
      }
      const end = this.#pending.indexOf(LF);
      if (end < 0 || end > MAX_LINE_BYTES) {
        if (this.#pending.length > MAX_LINE_BYTES) this.#quit(500, 'Line too long');
        return;
      }
      const line = this.#pending.toString('utf8', 0, end).replace(/\r$/, '');
      this.#pending = this.#pending.subarray(end + 1);
      this.#onLine(line);
    }
  }

  #onLine(line: string): void {
    switch (this.#expecting) {
      case 'command':
      case 'data':
        return this.#onCommand(line);
      case 'auth-plain':
        return this.#onPlain(line);
      case 'auth-user':
        this.#authUser = base64(line);
        this.#expecting = 'auth-password';
        return this.#say(334, 'UGFzc3dvcmQ6');
      case 'auth-password':
        return this.#onLogin(this.#authUser, base64(line));
    }
  }

  #onCommand(line: string): void {
    const [verb = ''] = line.split(/[ :]/, 1);
    const rest = line.slice(verb.length).trim();
    switch (verb.toUpperCase()) {
      case 'EHLO':
        this.#reset();
        this.#greeted = true;
        return this.#options.say(
          [
            '250-paas-local',
            '250-PIPELINING',
            '250-8BITMIME',
            '250-SMTPUTF8',
            '250-AUTH PLAIN LOGIN',
            `250 SIZE ${MAX_MAIL_BYTES}`,
            '',
          ].join('\r\n'),
        );
      case 'HELO':
        this.#reset();
        this.#greeted = true;
        return this.#say(250, 'paas-local');
      case 'AUTH':
        return this.#onAuth(rest);
      case 'MAIL':
        return this.#onMailFrom(line);
      case 'RCPT':
        return this.#onRecipient(line);
      case 'DATA':
        if (this.#from === undefined || this.#to.length === 0)
          return this.#say(503, 'MAIL and RCPT come first');
        this.#expecting = 'data';
        return this.#say(354, 'End with a line that holds one dot');
      case 'RSET':
        this.#reset();
        return this.#say(250, 'Ok');
      case 'NOOP':
        return this.#say(250, 'Ok');
      case 'VRFY':
        return this.#say(252, 'Send a mail and see');
      case 'HELP':
        return this.#say(214, 'See RFC 5321');
      case 'STARTTLS':
        return this.#say(502, 'There is no TLS here: it is the loopback');
      case 'QUIT':
        return this.#quit(221, 'Bye');
      default:
        // A page in a browser may post anything anywhere, and the commands would be in the body.
        if (/ HTTP\/\d\.\d$/.test(line)) return this.#quit(421, 'This is not HTTP');
        return this.#say(500, 'Unknown command');
    }
  }

  #onMailFrom(line: string): void {
    const match = /^mail from:\s*<([^<>]*)>(.*)$/i.exec(line);
    if (!this.#greeted) return this.#say(503, 'EHLO comes first');
    if (!match) return this.#say(501, 'Expected MAIL FROM:<address>');
    const size = Number(/\bsize=(\d+)/i.exec(match[2]!)?.[1] ?? 0);
    if (size > MAX_MAIL_BYTES) return this.#say(552, 'Too large');
    this.#from = match[1]!;
    this.#to = [];
    return this.#say(250, 'Ok');
  }

  #onRecipient(line: string): void {
    const match = /^rcpt to:\s*<([^<>]+)>/i.exec(line);
    if (this.#from === undefined) return this.#say(503, 'MAIL comes first');
    if (!match) return this.#say(501, 'Expected RCPT TO:<address>');
    if (this.#to.length >= MAX_RECIPIENTS) return this.#say(452, 'Too many recipients');
    this.#to.push(match[1]!);
    return this.#say(250, 'Ok');
  }

  #onAuth(rest: string): void {
    const [mechanism = '', initial] = rest.split(' ', 2);
    switch (mechanism.toUpperCase()) {
      case 'PLAIN':
        if (initial !== undefined) return this.#onPlain(initial);
        this.#expecting = 'auth-plain';
        return this.#say(334, '');
      case 'LOGIN':
        this.#expecting = initial === undefined ? 'auth-user' : 'auth-password';
        if (initial !== undefined) this.#authUser = base64(initial);
        return this.#say(334, initial === undefined ? 'VXNlcm5hbWU6' : 'UGFzc3dvcmQ6');
      default:
        return this.#say(504, 'Known are PLAIN and LOGIN');
    }
  }

  #onPlain(line: string): void {
    const [, user = '', password = ''] = base64(line).split('\0');
    this.#onLogin(user, password);
  }

  #onLogin(user: string, password: string): void {
    this.#expecting = 'command';
    const right = user === this.#options.user && password === this.#options.password;
    this.#say(right ? 235 : 535, right ? 'Welcome' : 'Wrong user or password');
  }

  /** @returns whether the mail ended, and commands follow */
  #takeData(): boolean {
    // A mail that is one dot ends at once: the line before it was the command's.
    const first = this.#dataBytes === 0 && this.#pending.subarray(0, 3).equals(Buffer.from('.\r\n'));
    const end = first ? -2 : this.#pending.indexOf(END_OF_DATA);
    if (end === -1) {
      // The mark itself may be split: what could be its beginning waits.
      const safe = Math.max(0, this.#pending.length - (END_OF_DATA.length - 1));
      this.#addData(this.#pending.subarray(0, safe));
      this.#pending = this.#pending.subarray(safe);
      return false;
    }
    this.#addData(this.#pending.subarray(0, Math.max(0, end + 2)));
    this.#pending = this.#pending.subarray(end + END_OF_DATA.length);
    this.#expecting = 'command';
    if (this.#dataBytes > MAX_MAIL_BYTES) this.#say(552, 'Too large');
    else {
      this.#options.onMail({ from: this.#from!, to: this.#to, body: unstuff(Buffer.concat(this.#data)) });
      this.#say(250, 'Caught');
    }
    this.#reset();
    return true;
  }

  #addData(bytes: Buffer): void {
    this.#dataBytes += bytes.length;
    if (this.#dataBytes > MAX_MAIL_BYTES) this.#data = [];
    else if (bytes.length > 0) this.#data.push(bytes);
  }

  #reset(): void {
    this.#from = undefined;
    this.#to = [];
    this.#data = [];
    this.#dataBytes = 0;
  }

  #say(code: number, text: string): void {
    this.#options.say(`${code} ${text}\r\n`);
  }

  #quit(code: number, text: string): void {
    this.#ended = true;
    this.#pending = Buffer.alloc(0);
    this.#say(code, text);
    this.#options.hangUp();
  }
}

/** A line that begins with a dot was sent with two. */
function unstuff(body: Buffer): Buffer {
  return Buffer.from(body.toString('latin1').replaceAll(/(^|\r\n)\.\./g, '$1.'), 'latin1');
}

const base64 = (text: string): string => Buffer.from(text, 'base64').toString('utf8');
