import { connect, createServer, type Socket } from 'node:net';
import { portTaken } from '../kit/ports.ts';
import { ServiceError } from '../kit/service-error.ts';

export interface PassOptions {
  readonly host: string;
  readonly port: number;
  /** Where the app listens. */
  readonly inner: number;
  readonly figures: { connections: number; datagrams: number; refused: number };
}

export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** Connections are passed on byte for byte; while no app listens they are closed at once. */
export async function listenTcp({ host, port, inner, figures }: PassOptions): Promise<Listening> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (outside) => {
    figures.connections += 1;
    const inside = connect({ host, port: inner, allowHalfOpen: true, noDelay: true });
    for (const socket of [outside, inside]) open.add(socket);
    let reached = false;
    inside.once('connect', () => (reached = true));
    const end = (): void => {
      for (const socket of [outside, inside]) {
        open.delete(socket);
        socket.destroy();
      }
    };
    const fail = (): void => {
      if (!reached) figures.refused += 1;
      end();
    };
    inside.on('error', fail);
    outside.on('error', end);
    // Both ways are closed one by one: a client may go on reading after its last word.
    outside.pipe(inside);
    inside.pipe(outside);
    outside.once('close', () => (inside.readableEnded || inside.destroyed ? end() : inside.destroy()));
    inside.once('close', () => (outside.writableFinished || !reached ? end() : outside.end()));
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
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
