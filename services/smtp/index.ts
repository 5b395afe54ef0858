/** A mail server that keeps what apps send instead of delivering it: nobody gets a mail from a laptop by mistake. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Binding,
  Dialect,
  Endpoint,
  ServiceContext,
  ServiceInstance,
  ServiceType,
} from '../kit/contract.ts';
import { authority } from '../kit/external.ts';
import { copyFolder, emptyFolder } from '../kit/copy-folder.ts';
import { uuidIdentity } from '../kit/identity.ts';
import { neverFails } from '../kit/instance.ts';
import { offering } from '../kit/offering.ts';
import { noOptions } from '../kit/options.ts';
import { describeMail } from './describe-mail.ts';
import { SmtpFailer } from './failer.ts';
import { listenSmtp, type ReceivedMail } from './server.ts';

const VERSIONS = ['1.0'] as const;
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
/** The oldest are dropped beyond this. */
const MAX_MAILS = 1000;

export const smtp: ServiceType<undefined> = {
  type: 'smtp',
  versions: VERSIONS,
  summary: 'Mail server that catches what apps send; paas-local service NAME shows it',
  readOptions: noOptions,
  mint: uuidIdentity,
  start,
  bind,
  failer: () => new SmtpFailer(),
};

function bind(endpoint: Endpoint, dialect: Dialect): Binding {
  const { host, port, user, password, name } = endpoint;
  return {
    ...offering(dialect, 'smtp', VERSIONS.at(-1)!, []),
    credentials: {
      name,
      hostname: host,
      host,
      port,
      user,
      username: user,
      password,
      uri: `smtp://${authority(endpoint)}`,
    },
  };
}

async function start(_: undefined, context: ServiceContext): Promise<ServiceInstance> {
  context.signal?.throwIfAborted();
  const { host, port, user, password, name, log } = context;
  const folder = join(context.dataDir, 'mail');
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const files = (): readonly string[] =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.eml'))
      .toSorted();
  const keep = ({ from, to, body }: ReceivedMail): void => {
    // Named so that the order of names is the order of arrival.
    const file = `${new Date().toISOString().replaceAll(':', '.')}-${randomUUID().slice(0, 8)}.eml`;
    const envelope = `X-Envelope-From: <${from}>\r\nX-Envelope-To: ${to.map((one) => `<${one}>`).join(', ')}\r\n`;
    writeFileSync(join(folder, file), Buffer.concat([Buffer.from(envelope), body]), { mode: PRIVATE_FILE });
    for (const old of files().slice(0, -MAX_MAILS)) rmSync(join(folder, old), { force: true });
    log(`caught a mail: ${describeMail(Buffer.concat([Buffer.from(envelope), body]))}`);
  };
  const server = await listenSmtp({ host, port, user, password, onMail: keep });
  log(`listening on ${host}:${server.port}; mails are kept in ${folder}`);
  return {
    endpoint: { host, port: server.port, user, password, name },
    engine: 'built in, keeps mails instead of delivering them',
    failed: neverFails(),
    stats: async () => ({ mails: files().length, connections: server.connections }),
    contents: async () =>
      files().map((file) => {
        const [day, time = ''] = file.split('T');
        return `${day} ${time.slice(0, 8).replaceAll('.', ':')}  ${describeMail(readFileSync(join(folder, file)))}`;
      }),
    reset: async () => emptyFolder(folder),
    copy: () => copyFolder(folder, join(context.dataDir, 'copies')),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
