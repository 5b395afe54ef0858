// A cache in the thread of its process, from the bundle named. Usage: node server.mjs BUNDLE plain|outage-over|recording
import { pathToFileURL } from 'node:url';

const [bundle, state] = process.argv.slice(2);
const { createServer } = await import(pathToFileURL(bundle).href);
const server = await createServer({ memoryBytes: 256 * 1024 * 1024 });
if (state === 'outage-over') {
  const faults = await server.faults();
  for (const fault of [
    { kind: 'latency', ms: 5, jitterMs: 0 },
    { kind: 'fail-next', count: 1, message: 'no' },
  ])
    await faults.apply(fault);
  await faults.apply({ kind: 'clear' });
}
if (state === 'recording') await server.record(true);
process.stdout.write(`${server.port}\n`);
process.once('SIGTERM', () => process.exit(0));
