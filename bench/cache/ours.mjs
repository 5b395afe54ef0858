// A built cache as the platform runs it: the service in a worker thread of a process. Plain JavaScript, so that no
// loader for TypeScript is among what is measured. Usage: node ours.mjs MEGABYTES
import { memcached } from '../../dist/services/memcached/index.js';

const options = memcached.readOptions({ memory: Number(process.argv[2]), max_clients: 1024 });
const instance = await memcached.start(options, {
  ...memcached.mint(),
  serviceName: 'bench',
  host: '127.0.0.1',
  port: 0,
  dataDir: '/nonexistent',
  log: () => {},
});
process.stdout.write(`${instance.endpoint.port}\n`);
process.once('SIGTERM', () => void instance[Symbol.asyncDispose]().then(() => process.exit(0)));
