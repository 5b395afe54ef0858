/** Apps for tests of the test platform. */
import { onTestFinished } from 'vitest';
import { startPlatform, type StartOptions, type TestPlatform } from '../../../runtime/testing/index.ts';
import { appFolder } from '../../helpers/cli.ts';

/**
 * `/` says hello, `/env` tells the environment, `/cwd` the folder, `/crash` ends it, `/get?k` and `/set?k=v` go to
 * the cache over one connection kept open; an error of it is a 503 with its code, and one that comes while nobody
 * waits for an answer does not end the app.
 */
export const SERVER = `
const { connect } = require('node:net');
const [host, port] = (process.env.MEMCACHE_URL ?? ':').replace('memcached://', '').split(':');
let socket;
function ask(text, done) {
  return new Promise((resolve, reject) => {
    if (!socket || socket.destroyed) { socket = connect(Number(port), host); socket.setEncoding('utf8'); socket.on('error', () => {}); }
    let seen = '';
    const end = (settle) => { socket.off('data', onData); socket.off('error', onError); socket.off('close', onClose); clearTimeout(timer); settle(); };
    const onData = (chunk) => { seen += chunk; if (done(seen)) end(() => resolve(seen)); };
    const onError = (error) => end(() => reject(error));
    const onClose = () => end(() => reject(Object.assign(new Error('closed'), { code: 'CLOSED' })));
    const timer = setTimeout(() => { end(() => reject(Object.assign(new Error('slow'), { code: 'SLOW' }))); socket.destroy(); }, 1000);
    socket.on('data', onData); socket.on('error', onError); socket.on('close', onClose);
    socket.write(text);
  });
}
require('node:http').createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://x');
  const [[key, value] = []] = searchParams;
  try {
    if (pathname === '/env') return res.end(JSON.stringify(process.env));
    if (pathname === '/cwd') return res.end(process.cwd());
    if (pathname === '/pid') return res.end(String(process.pid));
    if (pathname === '/say') { console.log('said ' + key); return res.end('ok'); }
    if (pathname === '/crash') { console.error('about to crash'); process.exit(9); }
    if (pathname === '/set') return res.end(await ask('set ' + key + ' 0 600 ' + value.length + '\\r\\n' + value + '\\r\\n', (t) => t.endsWith('\\r\\n')));
    if (pathname === '/get') {
      const answer = await ask('get ' + key + '\\r\\n', (t) => t.endsWith('END\\r\\n') || t.includes('ERROR'));
      return res.end(answer.split('\\r\\n')[answer.startsWith('VALUE') ? 1 : 0]);
    }
    res.end('hello from ' + process.env.STACKATO_APP_NAME);
  } catch (error) { res.statusCode = 503; res.end(error.code ?? error.message); }
}).listen(process.env.PORT, '127.0.0.1', () => console.log('listening'));
`;

export function cacheApp(name = 'shop', more = '', files: Readonly<Record<string, string>> = {}): string {
  return appFolder({
    'manifest.yml': `name: ${name}\nmem: 128M\ncommand: node server.js\nservices: {cache: memcached}\n${more}`,
    'server.js': SERVER,
    ...files,
  });
}

/** Stopped when the test ends. */
export async function started(options: StartOptions): Promise<TestPlatform> {
  const platform = await startPlatform(options);
  onTestFinished(() => platform.stop());
  return platform;
}

export async function text(answer: Promise<Response>): Promise<string> {
  return (await answer).text();
}
