/** The app behind the door: bytes in, the same 1 KiB answer out, so that it never is what is measured. */
import { createServer } from 'node:net';

const BODY = 'x'.repeat(1024);
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);
const HEAD_END = '\r\n\r\n';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => {
    // One GET per packet, as keep-alive clients send them.
    if (chunk.includes(HEAD_END)) socket.write(ANSWER);
  });
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.on('disconnect', () => process.exit());
