/** The sockets of the mail server; what is said on them is `session.ts`. */
import { createServer, type Socket } from 'node:net';
import { portTaken } from '../kit/ports.ts';
import { ServiceError } from '../kit/service-error.ts';
import { SmtpSession, type ReceivedMail } from './session.ts';

export type { ReceivedMail } from './session.ts';

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly onMail: (mail: ReceivedMail) => void;
}

export interface SmtpServer extends AsyncDisposable {
  readonly port: number;
  /** Since it was started. */
  readonly connections: number;
}

/** RFC 5321 asks for five minutes at least. */
const IDLE_MS = 5 * 60_000;

/** @throws ServiceError `SERVICE_PORT_TAKEN`, `SERVICE_START_FAILED` */
export async function listenSmtp({ host, port, user, password, onMail }: SmtpOptions): Promise<SmtpServer> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    connections += 1;
    open.add(socket);
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
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? portTaken(host, port, error)
          : new ServiceError('SERVICE_START_FAILED', error.message, { port }, { cause: error }),
      ),
    );
    server.listen({ host, port, exclusive: true }, resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
