/** Keeps a port from being given to anybody else while nothing listens on it. */
import { connect, createServer, type Socket } from 'node:net';

/**
 * A connection that goes out from the port holds it: the system gives it to nobody, and whoever connects to it is
 * refused.
 * @throws the system's error, e.g. `EADDRINUSE`
 */
export async function holdPort(host: string, port: number): Promise<AsyncDisposable> {
  let accepted: Socket | undefined;
  const other = createServer((socket) => {
    accepted = socket;
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve, reject) => {
    other.once('error', reject);
    other.listen(0, host, resolve);
  });
  const { port: target } = other.address() as { port: number };
  const holder = connect({ host, port: target, localAddress: host, localPort: port });
  try {
    await new Promise<void>((resolve, reject) => {
      holder.once('connect', resolve);
      holder.once('error', reject);
    });
  } catch (error) {
    other.close();
    throw error;
  }
  holder.on('error', () => {});
  // Neither keeps the process alive.
  holder.unref();
  other.unref();
  return {
    async [Symbol.asyncDispose]() {
      const gone = new Promise<void>((resolve) => holder.once('close', () => resolve()));
      // A reset leaves nothing behind that would keep the port busy for a minute, as an orderly end does.
      holder.resetAndDestroy();
      await gone;
      accepted?.destroy();
      other.close();
    },
  };
}
