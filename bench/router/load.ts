/** Closed-loop clients on bare sockets: each sends its next request when it has its answer. */
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

const REQUEST = Buffer.from(
  'GET /bench?x=1 HTTP/1.1\r\nHost: bench.localhost\r\nUser-Agent: bench\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n',
);

/** Runs `connections` clients until `until` says so; the answers must be 200 with a length. */
export async function load(
  port: number,
  connections: number,
  until: { readonly ms?: number; readonly requests?: number },
): Promise<Load> {
  const latencies: number[] = [];
  let requests = 0;
  let failures = 0;
  const began = performance.now();
  const over = (): boolean =>
    performance.now() - began >= (until.ms ?? Infinity) || requests >= (until.requests ?? Infinity);
  const client = (): Promise<void> =>
    new Promise((done) => {
      const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let missing = 0;
      let sent = performance.now();
      const ask = (): void => {
        if (over()) {
          socket.destroy();
          return;
        }
        sent = performance.now();
        socket.write(REQUEST);
      };
      socket.on('connect', ask);
      socket.on('error', () => (failures += 1));
      socket.on('close', () => done());
      socket.on('data', (chunk) => {
        if (missing === 0) {
          const head = chunk.toString('latin1', 0, chunk.indexOf('\r\n\r\n') + 4);
          const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
          if (!head.startsWith('HTTP/1.1 200') || !Number.isFinite(length)) failures += 1;
          missing = head.length + length;
        }
        missing -= chunk.length;
        if (missing > 0) return;
        missing = 0;
        requests += 1;
        latencies.push(performance.now() - sent);
        ask();
      });
    });
  await Promise.all(Array.from({ length: connections }, client));
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    requests,
    failures,
    seconds: (performance.now() - began) / 1_000,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}
