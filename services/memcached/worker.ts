/** The thread of one cache instance: serves until told to stop. Entry point of its own file. */
import { parentPort, workerData } from 'node:worker_threads';
import { createServer, type CacheServer } from './server.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-protocol.ts';

const port = parentPort!;
const say = (message: FromWorker) => port.postMessage(message);

async function main(start: WorkerStart): Promise<void> {
  let server: CacheServer;
  try {
    server = await createServer({
      ...start.settings,
      host: start.host,
      port: start.port,
      seed: start.seed,
      ...(start.settings.sasl ? { users: start.users } : {}),
    });
  } catch (error) {
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
    say({ kind: 'not-listening', code, message });
    port.close();
    return;
  }
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'stats') {
      if (message.flush) server.reset();
      say({ kind: 'stats', id: message.id, stats: server.stats() });
    } else if (message.kind === 'console') {
      void openConsole(server, message.path).then((problem) =>
        say({ kind: 'console', id: message.id, problem }),
      );
    } else {
      void server.stop().then(() => port.close());
    }
  });
  say({ kind: 'listening', port: server.port });
}

/** @returns what is wrong, if anything */
function openConsole(server: CacheServer, path: string): Promise<string | undefined> {
  return server.openConsole(path).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
}

void main(workerData as WorkerStart);
