import { createServer } from 'node:http';
import { count } from './cache.js';
import { page } from './page.js';

const { env } = process;
const application = readJson('VCAP_APPLICATION');
const name = application.name ?? 'hello-cache';

/** A variable that holds JSON; an empty object where it is not set. */
function readJson(variable) {
  return env[variable] ? JSON.parse(env[variable]) : {};
}

/** What the platform says this app is bound to, from either variable. */
function boundServices() {
  const address = ({ host, hostname, port }) => (port ? `${host ?? hostname}:${port}` : '');
  const labelled = Object.entries(readJson('VCAP_SERVICES')).flatMap(([label, bindings]) =>
    bindings.map((binding) => ({ name: binding.name, label: binding.label ?? label, at: address(binding.credentials ?? {}) })),
  );
  if (labelled.length > 0) return labelled;
  return Object.entries(readJson('STACKATO_SERVICES')).map(([service, credentials]) => ({
    name: service,
    label: '',
    at: address(credentials),
  }));
}

const services = boundServices();
const cache = env.MEMCACHE_URL;

async function countVisit() {
  if (!cache) return { trouble: 'MEMCACHE_URL is not set' };
  try {
    return { visits: await count(cache, 'visits') };
  } catch (error) {
    return { trouble: `the cache at ${cache} failed: ${error.message}` };
  }
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname !== '/') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
    return;
  }
  // Asking only whether the page is there is no visit.
  const visit = request.method === 'HEAD' ? {} : await countVisit();
  const body = page({ app: name, cache, services, instance: env.CF_INSTANCE_INDEX ?? application.instance_index ?? 0, ...visit });
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body);
});

server.listen(Number(env.PORT ?? 8000), env.VCAP_APP_HOST ?? '127.0.0.1', () => {
  const { address, port } = server.address();
  console.log(`${name} listens on http://${address}:${port}`);
});

// Requests under way are finished; connections kept open for further ones are not waited for.
process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
