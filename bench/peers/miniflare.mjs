// Usage: node miniflare.mjs FOLDER ROUNDS. Prints one line of JSON: milliseconds until the first answer, and of disposing.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, rounds] = process.argv.slice(2);
const { Miniflare } = createRequire(join(folder, 'package.json'))('miniflare');
const results = [];
for (let round = 0; round <= Number(rounds); round++) {
  const began = performance.now();
  const worker = new Miniflare({
    modules: true,
    script: `export default { async fetch(request, { CACHE }) { await CACHE.put('k', 'v'); return new Response('ok'); } }`,
    kvNamespaces: ['CACHE'],
  });
  const answer = await worker.dispatchFetch('http://localhost/');
  if ((await answer.text()) !== 'ok') throw new Error(`answered ${answer.status}`);
  const start = performance.now() - began;
  const stopping = performance.now();
  await worker.dispose();
  // The first one reads its program from the disk.
  if (round > 0) results.push({ start, stop: performance.now() - stopping });
}
console.log(JSON.stringify(results));
