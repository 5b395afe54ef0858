import { connect } from 'node:net';

const ANSWER_MS = 60_000;

/**
 * Sends the requests one after the other on one connection, each when the one before was answered, and gives the
 * answers. What ends an answer is the one to `end`, which is sent behind every request.
 * @param whole whether what came so far ends with the answer to `end`
 */
export async function converse(
  port: number,
  requests: readonly Buffer[],
  end: { readonly request: Buffer; readonly whole: (received: Buffer) => boolean },
): Promise<Buffer[]> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received = Buffer.alloc(0);
  let check = (): void => {};
  let closed = false;
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    check();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
    check();
  });
  const answers: Buffer[] = [];
  try {
    for (const request of requests) {
      received = Buffer.alloc(0);
      socket.write(Buffer.concat([request, end.request]));
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`No answer to ${JSON.stringify(request.toString('latin1').slice(0, 200))}`)),
          ANSWER_MS,
        );
        check = () => {
          if (!closed && !end.whole(received)) return;
          clearTimeout(timer);
          resolve();
        };
        check();
      });
      answers.push(received);
      if (closed) break;
    }
  } finally {
    socket.destroy();
  }
  return answers;
}
