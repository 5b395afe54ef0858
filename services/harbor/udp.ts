import { createSocket, type Socket } from 'node:dgram';
import { listenFailure } from '../kit/ports.ts';
import type { Listening, PassOptions } from './tcp.ts';

/** A client that said nothing for so long is forgotten; its next word makes it known again. */
const IDLE_MS = 60_000;
/** So many clients are remembered at once; the one that was silent for longest makes room. */
const MAX_CLIENTS = 1000;

interface Client {
  /** Its own socket towards the app, so that answers find their way back. */
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
}

/** Datagrams are passed on one by one, and answers to whoever was answered. */
export async function listenUdp({ host, port, inner, figures }: PassOptions): Promise<Listening> {
  const server = createSocket('udp4');
  const clients = new Map<string, Client>();
  const forget = (key: string): void => {
    const client = clients.get(key);
    clients.delete(key);
    clearTimeout(client?.timer);
    client?.socket.close();
  };
  const clientAt = (key: string, address: string, from: number): Client => {
    const known = clients.get(key);
    if (known) {
      known.timer.refresh();
      // Latest last.
      clients.delete(key);
      clients.set(key, known);
      return known;
    }
    for (const oldest of clients.keys()) {
      if (clients.size < MAX_CLIENTS) break;
      forget(oldest);
    }
    const socket = createSocket('udp4');
    socket.on('message', (answer) => server.send(answer, from, address));
    socket.on('error', () => forget(key)); // nobody listens there now
    const client = { socket, timer: setTimeout(() => forget(key), IDLE_MS).unref() };
    clients.set(key, client);
    return client;
  };
  server.on('message', (datagram, { address, port: from }) => {
    figures.datagrams += 1;
    clientAt(`${address} ${from}`, address, from).socket.send(datagram, inner, host);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      server.close();
      reject(listenFailure(host, port, error));
    });
    server.bind({ address: host, port, exclusive: true }, resolve);
  });
  server.on('error', () => {});
  return {
    port: server.address().port,
    [Symbol.asyncDispose]: async () => {
      for (const key of clients.keys()) forget(key);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
