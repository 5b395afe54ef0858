// Usage: node testcontainers.mjs FOLDER ROUNDS. A memcached in a container; prints what miniflare.mjs does.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, rounds] = process.argv.slice(2);
const { GenericContainer } = createRequire(join(folder, 'package.json'))('testcontainers');
const results = [];
for (let round = 0; round <= Number(rounds); round++) {
  const began = performance.now();
  const container = await new GenericContainer('memcached:1.6-alpine').withExposedPorts(11_211).start();
  const start = performance.now() - began;
  const stopping = performance.now();
  await container.stop();
  // The first one fetches its image.
  if (round > 0) results.push({ start, stop: performance.now() - stopping });
}
console.log(JSON.stringify(results));
