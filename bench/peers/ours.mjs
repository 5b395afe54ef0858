// Usage: node ours.mjs FOLDER ROUNDS [services]. The same as miniflare.mjs, with the app in FOLDER.
import { startPlatform } from '../../dist/runtime/testing/index.js';

const [folder, rounds, only] = process.argv.slice(2);
const results = [];
for (let round = 0; round <= Number(rounds); round++) {
  const began = performance.now();
  const platform = await startPlatform({ folder, ...(only === 'services' ? { apps: [] } : {}) });
  if (only !== 'services') {
    const answer = await platform.fetch('/');
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    await answer.text();
  }
  const start = performance.now() - began;
  const stopping = performance.now();
  await platform.stop();
  if (round > 0) results.push({ start, stop: performance.now() - stopping });
}
console.log(JSON.stringify(results));
