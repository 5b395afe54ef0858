/** The thread of caches: each serves until told to stop. Entry point of its own file. */
import { parentPort } from 'node:worker_threads';
import { createServer, type CacheServer, type ItemsCopy } from './server.ts';
import type { Answer, FromWorker, Request, ToThread, ToWorker } from './worker-protocol.ts';

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
  const copies = new Map<number, ItemsCopy>();
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') void server.stop().then(() => port.close());
    else {
      const { id, request } = message;
      answerTo(server, copies, id, request).then(
        (answer) => say({ kind: 'answer', id, answer }),
        (error: unknown) => say({ kind: 'problem', id, message: (error as Error).message }),
      );
    }
  });
  say({ kind: 'listening', port: server.port });
}

/** @param id a number no other request of this cache has */
async function answerTo(
  server: CacheServer,
  copies: Map<number, ItemsCopy>,
  id: number,
  request: Request,
): Promise<Answer> {
  switch (request.kind) {
    case 'stats':
      return server.stats();
    case 'reset':
      server.reset();
      return undefined;
    case 'console':
      await server.openConsole(request.path);
      return undefined;
    case 'fault': {
      const faults = await server.faults();
      const count = request.fault ? await faults.apply(request.fault) : 0;
      return { count, active: await faults.active() };
    }
    case 'copy':
      copies.set(id, await server.copy());
      return id;
    case 'restore':
      copies.get(request.copy)?.restore();
      return undefined;
    case 'forget':
      copies.delete(request.copy);
      return undefined;
  }
}

parentPort!.on('message', (message: ToThread) => void serve(message));
