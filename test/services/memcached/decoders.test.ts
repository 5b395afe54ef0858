import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeFailure, PROPERTIES } from './helpers/properties.ts';

/** Enough to notice a careless change; `npm run fuzz` looks longer. */
const RUNS = 60;

describe('whatever comes in', () => {
  for (const [name, property] of Object.entries(PROPERTIES)) {
    test(name, () => {
      const result = fc.check(property as fc.IProperty<unknown>, { numRuns: RUNS });
      expect(describeFailure(result)).toBe('');
    });
  }
});
