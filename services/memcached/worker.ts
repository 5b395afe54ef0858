/** The thread of caches: each serves until told to stop. Entry point of its own file. */
import { parentPort } from 'node:worker_threads';
import type { Fault } from '../kit/faults.ts';
import { createServer, type CacheServer } from './server.ts';
import type { FromWorker, ToThread, ToWorker } from './worker-protocol.ts';

async function serve({ start, port }: ToThread): Promise<void> {
  const say = (message: FromWorker) => port.postMessage(message);
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
    } else if (message.kind === 'fault') {
      void answerFault(server, message.id, message.fault).then(say);
    } else {
      void server.stop().then(() => port.close());
    }
  });
  say({ kind: 'listening', port: server.port });
}

async function answerFault(server: CacheServer, id: number, fault: Fault | undefined): Promise<FromWorker> {
  try {
    const faults = await server.faults();
    const count = fault ? await faults.apply(fault) : 0;
    return { kind: 'fault', id, count, active: await faults.active() };
  } catch (error) {
    return { kind: 'fault', id, count: 0, active: [], problem: (error as Error).message };
  }
}

/** @returns what is wrong, if anything */
function openConsole(server: CacheServer, path: string): Promise<string | undefined> {
  return server.openConsole(path).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
}

parentPort!.on('message', (message: ToThread) => void serve(message));
