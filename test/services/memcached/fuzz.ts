/**
 * `npm run fuzz [SECONDS] [SEED]`: checks the decoders' properties with random input, each for its share of the time
 * (a minute in all unless said). Prints the seed, and the smallest input that breaks a property.
 */
import fc from 'fast-check';
import { describeFailure, PROPERTIES } from './helpers/properties.ts';

const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error('Usage: npm run fuzz [SECONDS] [SEED]');
  process.exit(2);
}
const properties = Object.entries(PROPERTIES);
console.log(`seed ${seed}, ${seconds} s for ${properties.length} properties`);
let broken = 0;
for (const [name, property] of properties) {
  const result = fc.check(property as fc.IProperty<unknown>, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: (seconds * 1000) / properties.length,
    markInterruptAsFailure: false,
  });
  console.log(`${result.failed ? 'BROKEN' : 'holds'} after ${result.numRuns} inputs: ${name}`);
  if (!result.failed) continue;
  broken++;
  console.log(describeFailure(result));
}
process.exit(broken > 0 ? 1 : 0);
