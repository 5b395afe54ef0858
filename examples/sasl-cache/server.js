import { createServer } from 'node:http';
import { count } from './cache.js';

const { env } = process;
// MEMCACHE_URL is set as well, but has no user and password in it.
const services = JSON.parse(env.STACKATO_SERVICES ?? '{}');
const cache = services['secret-cache'];

const server = createServer(async (request, response) => {
  let answer;
  try {
    const { visits, loggedIn } = await count(cache, 'visits');
    const how = loggedIn ? `logged in as ${cache.user}` : 'no login asked for';
    answer = { status: 200, text: `visit ${visits}, ${how}\n` };
  } catch (error) {
    answer = { status: 503, text: `the cache failed: ${error.message}\n` };
  }
  response.writeHead(answer.status, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(answer.text);
});

server.listen(Number(env.PORT ?? 8000), env.VCAP_APP_HOST ?? '127.0.0.1', () => {
  console.log(`sasl-cache listens on port ${server.address().port}`);
});

process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
