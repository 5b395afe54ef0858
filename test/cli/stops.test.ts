import { expect, test } from 'vitest';
import { watchStops } from '../../cli/stops.ts';
import { ControlClient } from '../../runtime/control/client.ts';
import type { PlatformEvent } from '../../runtime/events.ts';
import { fakeHost, greeting } from '../helpers/fake-host.ts';

const APP = { because: 'test' };
const event = (kind: 'app-ready' | 'app-stopped' | 'app-deleted', app: string) =>
  `${JSON.stringify({ event: { kind, app, ...APP } })}\n`;
const ANSWER = `${JSON.stringify({ id: 2, result: {} })}\n`;

/** A client that gets this for its second request, all in one piece. */
async function answeredWith(text: string) {
  const path = await fakeHost((socket) => {
    let answers = [greeting(), text];
    socket.on('data', () => {
      socket.write(answers[0] ?? '');
      answers = answers.slice(1);
    });
  });
  const client = await ControlClient.connect(path);
  const seen: string[] = [];
  client.onEvent = (one: PlatformEvent) => void seen.push(one.kind);
  const stops = watchStops(client, ['one', 'two']);
  await client.call('snapshot', {});
  return { client, seen, stops };
}

test('a stop that arrives together with the answer is not missed', async () => {
  const { client, seen, stops } = await answeredWith(
    event('app-ready', 'one') + ANSWER + event('app-stopped', 'one') + event('app-deleted', 'two'),
  );
  await stops.all();
  expect(seen).toEqual(['app-ready', 'app-stopped', 'app-deleted']);
  client[Symbol.dispose]();
});

test('one that was stopped before the push came to it counts only when it is stopped again', async () => {
  const { client, stops } = await answeredWith(
    event('app-stopped', 'one') + event('app-stopped', 'two') + event('app-ready', 'one') + ANSWER,
  );
  const order: string[] = [];
  const done = stops.all().then(() => order.push('done'));
  await Promise.resolve();
  order.push('waiting');
  client.onEvent({ kind: 'app-stopped', app: 'one', because: 'test' } as PlatformEvent);
  await done;
  expect(order).toEqual(['waiting', 'done']);
  client[Symbol.dispose]();
});
