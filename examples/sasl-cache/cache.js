// Just enough of memcached's binary protocol to log in with SASL PLAIN and count.
import { connect } from 'node:net';

const HEADER_BYTES = 24;
const TIMEOUT_MS = 1000;
const OP = { increment: 0x05, saslAuth: 0x21 };
const STATUS = { ok: 0x00, authError: 0x20, unknownCommand: 0x81 };

/** A request: 24 bytes of header, then extras, key and value. */
function packet(opcode, { extras = Buffer.alloc(0), key = '', value = '' }) {
  const body = Buffer.concat([extras, Buffer.from(key), Buffer.from(value)]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(opcode, 1);
  header.writeUInt16BE(Buffer.byteLength(key), 2);
  header.writeUInt8(extras.length, 4);
  header.writeUInt32BE(body.length, 8);
  return Buffer.concat([header, body]);
}

/** Sends one request and resolves to the status and value of its answer. */
function ask(socket, request) {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const finish = (settle) => {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      settle();
    };
    const onData = (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < HEADER_BYTES) return;
      const end = HEADER_BYTES + received.readUInt32BE(8);
      if (received.length < end) return;
      finish(() => resolve({ status: received.readUInt16BE(6), value: received.subarray(HEADER_BYTES, end) }));
    };
    const onError = (error) => finish(() => reject(error));
    const onClose = () => finish(() => reject(new Error('the cache closed the connection')));
    socket.on('data', onData).on('error', onError).on('close', onClose);
    socket.write(request);
  });
}

/** Adds one to a counter, which begins at 1. Tells also whether the cache asked for the login. */
export async function count({ host, port, user, password }, key) {
  const socket = connect({ host, port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  try {
    const login = await ask(socket, packet(OP.saslAuth, { key: 'PLAIN', value: `\0${user}\0${password}` }));
    if (login.status === STATUS.authError) throw new Error('the cache refused the login');
    // By 1, from 1 where it is missing, for ever.
    const extras = Buffer.alloc(20);
    extras.writeBigUInt64BE(1n, 0);
    extras.writeBigUInt64BE(1n, 8);
    const counted = await ask(socket, packet(OP.increment, { extras, key }));
    if (counted.status !== STATUS.ok) throw new Error(counted.value.toString());
    return { visits: Number(counted.value.readBigUInt64BE()), loggedIn: login.status !== STATUS.unknownCommand };
  } finally {
    socket.destroy();
  }
}
