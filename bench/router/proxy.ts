/** One of the doors that are compared: `ours BACKEND_PORT` or `http-proxy BACKEND_PORT`. */
import http from 'node:http';
import { createProxyServer } from 'http-proxy';
import { formatAccessLine } from '../../runtime/router/access-log.ts';
import { createRouter } from '../../runtime/router/server.ts';

const [kind, backendPort] = process.argv.slice(2);
const KEPT_LINES = 1_000;

async function listen(): Promise<number> {
  const backend = { host: '127.0.0.1', port: Number(backendPort) };
  if (kind === 'http-proxy') {
    const proxy = createProxyServer({
      target: backend,
      agent: new http.Agent({ keepAlive: true, maxSockets: Infinity }),
    });
    proxy.on('error', (_error, _request, response) => void response.end());
    const server = http.createServer((request, response) => proxy.web(request, response, {}));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }
  const lines: string[] = [];
  const router = await createRouter({
    port: 0,
    strictPort: false,
    onRequest: (record) => {
      lines.push(formatAccessLine(record));
      if (lines.length > KEPT_LINES) lines.length = 0;
    },
  });
  router.update([
    {
      host: 'bench.localhost',
      path: '',
      app: 'bench',
      appId: '0b7a1f6e-5a3c-4c53-8c1d-1f2e3d4c5b6a',
      state: 'running',
      reason: '',
      endpoints: [{ ...backend, instanceId: 'instance-0', instanceIndex: 0 }],
      loadBalancing: 'round-robin',
      dialect: 'cloud-foundry',
      lastLogLines: () => [],
    },
  ]);
  return router.port;
}

process.send?.({ port: await listen() });
process.on('message', () => process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() }));
process.on('disconnect', () => process.exit());
