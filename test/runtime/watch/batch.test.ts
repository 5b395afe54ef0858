import { expect, onTestFinished, test } from 'vitest';
import { deferred } from '../../../services/kit/deferred.ts';
import { Batch, type WatchedChange } from '../../../runtime/watch/batch.ts';

test('what comes and goes within a batch is not told: an editor wrote it and put it in the place of the file', async () => {
  const delivered = deferred<readonly WatchedChange[]>();
  const batch = new Batch((changes) => delivered.resolve(changes));
  onTestFinished(() => batch.close());
  for (const [file, event] of [
    ['sedfiA7rq', 'add'],
    ['old.js', 'unlink'],
    ['server.js', 'change'],
    ['new.js', 'add'],
    ['again.js', 'unlink'],
    ['sedfiA7rq', 'unlink'],
    ['again.js', 'add'],
    ['new.js', 'change'],
  ] as const)
    batch.add(file, event);
  expect(await delivered.promise).toEqual([
    { file: 'old.js', created: false },
    { file: 'server.js', created: false },
    { file: 'new.js', created: true },
    { file: 'again.js', created: false },
  ]);
});
