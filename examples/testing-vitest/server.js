// Quotes from a slow source, kept in the cache for ten minutes. Without the cache it is slower, not broken.
import { createServer } from 'node:http';
import { Cache } from './cache.js';

const TTL_SECONDS = 600;
const QUOTES = { ada: 'That brain of mine is something more than merely mortal.', grace: 'Dare and do.' };

const cache = new Cache(process.env.MEMCACHE_URL);

/** Stands in for a database. */
async function fromSource(name) {
  console.log(`source asked for ${name}`);
  return QUOTES[name];
}

async function quote(name) {
  const key = `quote:${name}`;
  try {
    const kept = await cache.get(key);
    if (kept !== undefined) return { text: kept, from: 'cache' };
  } catch (error) {
    console.error(`cache: ${error.message}`);
    return { text: await fromSource(name), from: 'source, without cache' };
  }
  const text = await fromSource(name);
  if (text !== undefined) await cache.set(key, text, TTL_SECONDS).catch((error) => console.error(`cache: ${error.message}`));
  return { text, from: 'source' };
}

createServer(async (request, response) => {
  const [, name] = /^\/quotes\/([a-z]+)$/.exec(request.url) ?? [];
  const { text, from } = name ? await quote(name) : {};
  if (text === undefined) {
    response.writeHead(404).end('No such quote\n');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain', 'x-from': from }).end(`${text}\n`);
}).listen(process.env.PORT, process.env.VCAP_APP_HOST, () => console.log('quotes is up'));
