import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { SignalCopies } from '../../../runtime/kernel/signal-copies.ts';

test('copies abort with their signal, for its reason, and are one listener on it', () => {
  const original = new AbortController();
  using copies = new SignalCopies(original.signal);
  const early = Array.from({ length: 20 }, () => copies.next());
  expect(getEventListeners(original.signal, 'abort')).toHaveLength(1);
  expect(early.some(({ aborted }) => aborted)).toBe(false);
  const reason = new Error('enough');
  original.abort(reason);
  for (const copy of [...early, copies.next()]) expect(copy.reason).toBe(reason);
});

test('when it is over nothing is left on the signal', () => {
  const original = new AbortController();
  const copies = new SignalCopies(original.signal);
  const copy = copies.next();
  copies[Symbol.dispose]();
  expect(getEventListeners(original.signal, 'abort')).toEqual([]);
  original.abort();
  expect(copy.aborted).toBe(false);
});
