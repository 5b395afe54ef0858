import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../helpers/alive.ts';
import { appFolder, get, newHome } from '../helpers/cli.ts';

const SERVER = `
require('fs').writeFileSync('written', 'by the app');
require('http').createServer((req, res) => res.end(process.cwd() + ' one')).listen(process.env.PORT, '127.0.0.1');`;

test('push --staged runs in a copy without what is ignored, made anew for each start, removed at the end', async () => {
  const home = newHome();
  const folder = appFolder({
    'manifest.yml': 'applications: [{name: copied, memory: 128M, command: node server.js}]',
    'server.js': SERVER,
    '.cfignore': 'notes/\n',
    'notes/a.txt': 'a',
    'lib/b.txt': 'b',
  });
  const { url } = await home.json<{ url: string }>(['push', '--staged', '--detach'], { cwd: folder });
  const [copy] = (await get(url)).body.split(' ');
  expect(copy).not.toBe(folder);
  expect(readdirSync(copy!).toSorted()).toEqual(['lib', 'server.js', 'written']);
  expect(existsSync(join(folder, 'written'))).toBe(false);
  // An edit of the source is seen, though the app does not run there.
  writeFileSync(join(folder, 'server.js'), SERVER.replace('one', 'two'));
  await until('the edit to be served', async () => (await get(url)).body.endsWith(' two'));
  const [second] = (await get(url)).body.split(' ');
  await until('the former copy to be removed', () => !existsSync(copy!));
  expect(await home.run(['stop', 'copied'])).toMatchObject({ code: 0 });
  expect(existsSync(second!)).toBe(false);
  // In place again, once it is not asked for.
  await home.json(['push', '--detach'], { cwd: folder });
  expect((await get(url)).body).toBe(`${folder} two`);
});
