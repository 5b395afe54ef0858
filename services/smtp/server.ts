/** The sockets of the mail server; what is said on them is `session.ts`. */
import { startTcpServer, type TcpServer } from '../kit/tcp-server.ts';
import { SmtpSession, type ReceivedMail } from './session.ts';

export type { ReceivedMail } from './session.ts';

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly onMail: (mail: ReceivedMail) => void;
}

/** RFC 5321 asks for five minutes at least. */
const IDLE_MS = 5 * 60_000;

/** @throws ServiceError `SERVICE_PORT_TAKEN`, `SERVICE_START_FAILED` */
export function listenSmtp({ host, port, user, password, onMail }: SmtpOptions): Promise<TcpServer> {
  return startTcpServer({
    host,
    port,
    onSocket: (socket) => {
      const session = new SmtpSession({
        user,
        password,
        onMail,
        say: (text) => socket.write(text),
        hangUp: () => socket.end(),
      });
      socket.setTimeout(IDLE_MS, () => socket.destroy());
      socket.on('data', (chunk: Buffer) => session.receive(chunk));
      socket.on('error', () => {}); // gone in the middle; nothing was kept
    },
  });
}
