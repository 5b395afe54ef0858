// Just enough of memcached's text protocol to count: `add` once, then `incr`.
import { connect } from 'node:net';

const TIMEOUT_MS = 1000;

/** One command on a connection of its own; resolves to the first line of the answer. */
function ask(address, command) {
  const [host, port] = address.split(/:(?=\d+$)/);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port) }, () => socket.write(command));
    let answer = '';
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      answer += text;
      const end = answer.indexOf('\r\n');
      if (end === -1) return;
      socket.end();
      resolve(answer.slice(0, end));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection was closed')));
  });
}

/** Adds one to a counter, which begins at 1, and returns it. */
export async function count(address, key) {
  for (let attempt = 0; attempt < 2; attempt++) {
    const answer = await ask(address, `incr ${key} 1\r\n`);
    if (/^\d+$/.test(answer)) return Number(answer);
    if (answer !== 'NOT_FOUND') throw new Error(answer);
    // Of two first visitors at the same moment one adds, the other counts on.
    if ((await ask(address, `add ${key} 0 0 1\r\n1\r\n`)) === 'STORED') return 1;
  }
  throw new Error('the counter comes and goes');
}
