import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ControlServer } from '../../../runtime/control/server.ts';
import { deferred } from '../../../services/kit/deferred.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('who connects and never says who it is is let go, so that it keeps no host from leaving', async () => {
  const path = join(tempDir(), 'control.sock');
  const left = deferred();
  const server = await ControlServer.listen(
    path,
    async () => ({}),
    () => left.resolve(),
    50,
  );
  onTestFinished(() => server[Symbol.asyncDispose]());
  const socket = connect(path, () => socket.write('{"id":1,"method":"hel'));
  // It may be let go before it was heard, which the system calls a reset.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let told = '';
  socket.setEncoding('utf8').on('data', (text: string) => (told += text));
  await closed;
  await left.promise;
  expect(told).toContain('it said no \\"hello\\" in time');
});
