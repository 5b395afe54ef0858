import { connect } from 'node:net';
import { startTcpServer } from '../kit/tcp-server.ts';

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
export function listenTcp({ host, port, inner, figures }: PassOptions): Promise<Listening> {
  return startTcpServer({
    host,
    port,
    sockets: { allowHalfOpen: true },
    onSocket: (outside, keep) => {
      figures.connections += 1;
      const inside = connect({ host, port: inner, allowHalfOpen: true, noDelay: true });
      keep(inside);
      let reached = false;
      inside.once('connect', () => (reached = true));
      const end = (): void => {
        outside.destroy();
        inside.destroy();
      };
      inside.on('error', () => {
        if (!reached) figures.refused += 1;
        end();
      });
      outside.on('error', end);
      // Both ways are closed one by one: a client may go on reading after its last word.
      outside.pipe(inside);
      inside.pipe(outside);
      outside.once('close', () => (inside.readableEnded || inside.destroyed ? end() : inside.destroy()));
      inside.once('close', () => (outside.writableFinished || !reached ? end() : outside.end()));
    },
  });
}
