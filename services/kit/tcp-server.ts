/** A server of ours on one TCP port: it keeps its sockets, so that closing it ends them all. */
import { createServer, type ServerOpts, type Socket } from 'node:net';
import { listenFailure } from './ports.ts';

export interface TcpServer extends AsyncDisposable {
  readonly port: number;
  /** Accepted since it was started. */
  readonly connections: number;
}

export interface TcpServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly sockets?: ServerOpts;
  /** @param keep has a further socket end with the server */
  readonly onSocket: (socket: Socket, keep: (other: Socket) => void) => void;
}

/** @throws ServiceError `SERVICE_PORT_TAKEN`, `SERVICE_START_FAILED` */
export async function startTcpServer(options: TcpServerOptions): Promise<TcpServer> {
  const { host, port, onSocket } = options;
  const open = new Set<Socket>();
  let connections = 0;
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
  const server = createServer({ noDelay: true, ...options.sockets }, (socket) => {
    connections += 1;
    keep(socket);
    onSocket(socket, keep);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(host, port, error)));
    server.listen({ host, port, exclusive: true }, resolve);
  });
  // One connection that could not be accepted is no reason to end.
  server.on('error', () => {});
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
