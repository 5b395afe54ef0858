import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ControlServer } from '../../../runtime/control/server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('who connects and never says who it is is let go, so that it keeps no host from leaving', async () => {
  const path = join(tempDir(), 'control.sock');
  const left = new Promise<void>((resolve) => {
    void ControlServer.listen(
      path,
      async () => ({}),
      () => resolve(),
      50,
    ).then((server) => {
      onTestFinished(() => server[Symbol.asyncDispose]());
      const socket = connect(path, () => socket.write('{"id":1,"method":"hel'));
      socket.setEncoding('utf8').on('data', (text: string) => told.push(text));
      socket.on('error', () => {});
    });
  });
  const told: string[] = [];
  await left;
  expect(told.join('')).toContain('it said no \\"hello\\" in time');
});
