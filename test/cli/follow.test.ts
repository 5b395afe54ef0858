import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ECHO_SERVER, echoApp, get, newHome } from '../helpers/cli.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';

const TALKS = ECHO_SERVER.replace('=> {', "=> {\n  console.log('asked for ' + req.url);");

test('attach shows what a push would: the lines so far and to come, and events; Ctrl-C lets go of the app', async () => {
  const home = newHome();
  const folder = echoApp('shop', '', TALKS);
  const { url } = await home.json<{ url: string }>(['push', '--detach'], { cwd: folder });
  await get(`${url}/before`);
  const attached = home.start(['attach'], { cwd: folder });
  await attached.readUntil(
    /asked for \/before\n(.*\n)*Attached to shop \(started, http:\/\/shop\.localhost:\d+\); Ctrl-C lets go, and it runs on/,
  );
  await get(`${url}/after`);
  await attached.readUntil(/\[APP\/PROC\/WEB\/0\] OUT asked for \/after/);
  writeFileSync(join(folder, 'server.js'), `${TALKS}// edited\n`);
  await attached.readUntil(/shop: changed server\.js\n(.*\n)*shop is up at/);
  attached.child.kill('SIGINT');
  expect(await attached.exited).toMatchObject({
    code: 130,
    stdout: expect.stringContaining('Let go of shop'),
  });
  expect((await get(url)).status).toBe(200);
});

test('attach ends when the app is stopped from elsewhere, and leaves the terminal of a push its owner', async () => {
  const home = newHome();
  const folder = echoApp('shop', '', TALKS);
  const pushing = home.start(['push'], { cwd: folder });
  await pushing.readUntil(/Ctrl-C stops it/);
  const attached = home.start(['attach', 'shop', '--json']);
  const { url } = (await home.json<{ apps: AppSnapshot[] }>(['apps'])).apps.map(({ urls }) => ({
    url: urls[0]!,
  }))[0]!;
  await attached.readUntil(/"text":"listening/);
  await get(`${url}/x`);
  const [line] = await attached.readUntil(/\{[^\n]*asked for \/x[^\n]*\n/);
  expect(JSON.parse(line)).toMatchObject({ owner: 'shop', source: 'APP/PROC/WEB', instance: 0 });
  pushing.child.kill('SIGINT');
  expect(await pushing.exited).toMatchObject({ code: 130 });
  expect(await attached.exited).toMatchObject({ code: 0 });
});

test.each([
  ['an app that is stopped', 'Cannot attach to shop: nothing of it runs', ['stop', 'shop']],
  ['an app when no host runs', 'paas-local start shop', ['stop', '--all']],
])('attach to %s says how to start it', async (_, words, before) => {
  const home = newHome();
  await home.json(['push', '--detach'], { cwd: echoApp('shop') });
  await home.run(before);
  const refused = await home.run(['attach', 'shop']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(words);
  expect((await home.run(['attach', 'sop'])).stderr).toContain('Did you mean "shop"?');
});

test.each(['logs -f shop', 'attach shop', 'push'])(
  '%s says that the host was killed, and that it was asked to end',
  async (words) => {
    const home = newHome();
    const folder = echoApp('shop');
    const args = words.split(' ');
    const pushed = await home.json<{ host: { pid: number } }>(['push', '-d', '--no-watch'], { cwd: folder });
    const killed = home.start(args, { cwd: folder });
    await killed.readUntil(FOLLOWS);
    process.kill(pushed.host.pid, 'SIGKILL');
    expect(await killed.exited).toMatchObject({ code: 1, stderr: expect.stringContaining('[HOST_LOST]') });

    await home.json(['start', 'shop']);
    const ended = home.start(args, { cwd: folder });
    await ended.readUntil(FOLLOWS);
    await home.run(['stop', '--all']);
    expect(await ended.exited).toMatchObject({
      code: 0,
      stderr: 'The host process was ended, and all that it ran with it\n',
    });
  },
);

/** What each of them prints once it hears what happens. */
const FOLLOWS = /OUT Container became healthy|Attached to shop|shop runs/;

test('logs of a name that is none ends at once while a host runs', async () => {
  const home = newHome();
  await home.json(['push', '-d'], { cwd: echoApp('shop') });
  for (const flags of [[], ['--recent'], ['--num', '3'], ['--json'], ['-f']]) {
    const { code, stdout, stderr } = await home.run(['logs', 'sop', ...flags]);
    expect({ flags, code, said: stdout + stderr }).toEqual({
      flags,
      code: 2,
      said: expect.stringMatching(/Did you mean \\?"shop\\?"\?/),
    });
  }
});
