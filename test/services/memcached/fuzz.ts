/**
 * `npm run fuzz [SECONDS] [SEED]`: checks the decoders' properties with random input, and what slow readers of large
 * values get, each for its share of the time (a minute in all unless said). Prints the seed, and the smallest input that
 * breaks a property or the seed of the episode that went wrong.
 */
import fc from 'fast-check';
import { CHURNS } from './helpers/churn/churns.ts';
import { describeFailure, PROPERTIES } from './helpers/properties.ts';

const EPISODES_BROKEN_MOST = 3;
const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error('Usage: npm run fuzz [SECONDS] [SEED]');
  process.exit(2);
}
const properties = Object.entries(PROPERTIES);
const churns = Object.entries(CHURNS);
const share = (seconds * 1000) / (properties.length + churns.length);
console.log(
  `seed ${seed}, ${seconds} s for ${properties.length} properties and ${churns.length} kinds of churn`,
);
let broken = 0;
for (const [name, property] of properties) {
  const result = fc.check(property as fc.IProperty<unknown>, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: share,
    markInterruptAsFailure: false,
  });
  console.log(`${result.failed ? 'BROKEN' : 'holds'} after ${result.numRuns} inputs: ${name}`);
  if (!result.failed) continue;
  broken++;
  console.log(describeFailure(result));
}
for (const [name, episode] of churns) {
  const end = performance.now() + share;
  let episodes = 0;
  let values = 0;
  let failures = 0;
  for (; performance.now() < end && failures < EPISODES_BROKEN_MOST; episodes++) {
    try {
      values += await episode(seed + episodes);
    } catch (error) {
      failures++;
      console.log(`seed ${seed + episodes}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  console.log(`${failures > 0 ? 'BROKEN' : 'holds'} after ${episodes} episodes, ${values} values: ${name}`);
  if (failures > 0) broken++;
}
process.exit(broken > 0 ? 1 : 0);
