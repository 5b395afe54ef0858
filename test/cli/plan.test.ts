import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { appFolder, ECHO_SERVER, echoApp, get, newHome, type Home } from '../helpers/cli.ts';

interface Planned {
  readonly steps: readonly { readonly do: string; readonly what: string; readonly because: string }[];
  readonly keys: readonly { readonly path: string; readonly verdict: string; readonly why: string }[];
  readonly notes: Readonly<Record<string, readonly string[]>>;
}
interface Pushed {
  readonly url: string;
  readonly apps: readonly AppSnapshot[];
}

const envOf = async (url: string) =>
  JSON.parse((await get(`${url}/env`)).body) as Readonly<Record<string, string>>;

describe('plan', () => {
  test('says what a push would do, starts nothing, and is right about it', async () => {
    const home = newHome();
    const cwd = echoApp('shop', 'services: {shop-cache: memcached}\nhooks: {pre-running: ["true"]}\n');
    const first = await home.json<Planned>(['plan'], { cwd });
    expect(first.steps.map((step) => step.do)).toEqual([
      'start-host',
      'create-service',
      'start-service',
      'stage',
      'run-hook',
      'start',
      'route',
      'watch',
    ]);
    expect(await home.json(['apps'], { cwd })).toMatchObject({ apps: [] });
    // Not watched, or the host might be busy with the edit when it is asked.
    const { url } = await home.json<Pushed>(['push', '--detach', '--no-watch'], { cwd });
    expect(new URL(url).hostname).toBe('shop.localhost');
    writeFileSync(
      join(cwd, 'manifest.yml'),
      `${readFileSync(join(cwd, 'manifest.yml'), 'utf8')}env: {NEW: x}\n`,
    );
    const second = await home.json<Planned>(['plan'], { cwd });
    expect(second.steps.map((step) => step.do)).toEqual([
      'use-service',
      'stage',
      'stop',
      'run-hook',
      'start',
      'route',
      'watch',
    ]);
    expect(second.steps[1]!.because).toMatch(/^pushed again/);
  });

  test('says what flags make of it', async () => {
    const home = newHome();
    const cwd = echoApp('shop', 'services: {a: memcached, b: memcached}\n');
    const flags = ['--staged', '--bind', 'a=memcached://127.0.0.1:1', '--allow-missing-services'];
    const { steps } = await home.json<Planned>(['plan', ...flags], { cwd });
    expect(steps.map((step) => `${step.do}: ${step.because}`)).toEqual(
      expect.arrayContaining([
        'use-service: --bind',
        'start-service: shop is bound to it; left out where its engine is not installed',
        'copy: --staged',
      ]),
    );
  });

  test.each([
    ['--tls-port', 'banana'],
    ['--port', '70000'],
  ])('refuses %s %s, as the push would', async (flag, port) => {
    const { code, stderr } = await newHome().run(['push', '--dry-run', flag, port], { cwd: echoApp('shop') });
    expect(code).toBe(2);
    expect(stderr).toContain(`Cannot use "${port}" as ${flag}: a port is a number from 0 to 65535`);
  });

  test('judges each key where it stands', async () => {
    const cwd = echoApp('shop', 'stack: lucid64\ncolour: blue\n');
    const { keys } = await newHome().json<Planned>(['plan'], { cwd });
    expect(keys.map(({ path, verdict }) => [path, verdict])).toEqual([
      ['name', 'honoured'],
      ['mem', 'approximated'],
      ['command', 'honoured'],
      ['stack', 'ignored'],
      ['colour', 'ignored'],
    ]);
    const { stdout, code } = await newHome().run(['push', '--dry-run'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ignored here +stack +manifest\.yml:4:1 /m);
    expect(stdout).toContain('Start 1 instance of web: node server.js (128M');
  });

  test('names a program that staging would look for in vain', async () => {
    const cwd = appFolder({ 'manifest.yml': 'name: shop\nmem: 128M\n', 'index.php': '<?php echo 1;' });
    const { stdout, code } = await newHome({ PATH: '/nowhere' }).run(['plan'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^shop: php is not installed, so staging will fail/m);
  });

  test('what a push would refuse is refused, the keys are judged all the same', async () => {
    const home = newHome();
    const cwd = appFolder({ 'manifest.yml': 'name: shop\nmem: 128M\n' });
    const words = await home.run(['plan'], { cwd });
    expect(words.code).toBe(2);
    expect(words.stdout).toContain('approximated   mem');
    expect(words.stderr).toContain('[NO_START_COMMAND]');
    const data = await home.run(['plan', '--json'], { cwd });
    expect(data.code).toBe(2);
    expect(JSON.parse(data.stdout)).toMatchObject({
      keys: [{ path: 'name' }, { path: 'mem' }],
      error: { code: 'NO_START_COMMAND' },
    });
  });
});

describe('flags over the manifest', () => {
  const text = 'name: shop\nmem: 128M\ncommand: node server.js\nenv: {WHO: "${name}"}\n';
  const folder = () => appFolder({ 'server.js': ECHO_SERVER, 'manifest.yml': text });

  test('are planned as pushed', async () => {
    const flags = ['-i', '2', '-m', '128M', '--url', 'a.example.com', '-t', '30'];
    const { steps } = await newHome().json<Planned>(['plan', ...flags], { cwd: folder() });
    const said = steps.map(({ what }) => what).join('\n');
    expect(said).toContain(
      'Start 2 instances of web: node server.js (128M, healthy when its port answers, within 30 s)',
    );
    expect(said).toContain('Route a.localhost, a.example.com to shop');
  });

  test('--as: another app of another name, which an edit does not lose', async () => {
    const home = newHome();
    const cwd = folder();
    await home.json(['push', '--detach'], { cwd });
    const push = home.start(['push', '--as', 'other'], { cwd });
    const [, url] = await push.readUntil(/other runs[^]*(http:\/\/other\.localhost:\d+)$/m);
    expect((await envOf(url!)).WHO).toBe('other');
    writeFileSync(join(cwd, 'manifest.yml'), `${text}timeout: 50\n`);
    await push.readUntil(/restart, because manifest\.yml changed[^]*other is up/);
    expect((await envOf(url!)).WHO).toBe('other');
    const { apps } = await home.json<{ apps: AppSnapshot[] }>(['apps']);
    expect(apps.map(({ name }) => name).toSorted()).toEqual(['other', 'shop']);
  });

  test.each([
    [['-i', 'many'], 'Cannot use "many" as --instances'],
    [['-m', '12x'], '--memory:1:1: error: Memory must be'],
    [['-u', 'http'], 'A Stackato app has no health check type'],
  ])('refused: %j', async (flags, said) => {
    const { code, stderr } = await newHome().run(['plan', ...flags], { cwd: folder() });
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});

test('what was scaled by hand is planned and pushed as scaled, which is said, until a flag says otherwise', async () => {
  const home = newHome();
  const cwd = echoApp('shop', 'instances: 1\n');
  const push = ['push', '--detach', '--no-watch'];
  const scaleOf = (apps: readonly AppSnapshot[]) =>
    apps[0]!.processes.map(({ instances, memoryBytes }) => [instances.length, memoryBytes / 2 ** 20])[0];
  await home.json(push, { cwd });
  await home.run(['scale', 'shop', '-i', '2', '-m', '96M']);
  const said = [
    'instances of web kept at 2 by scale, where the manifest alone comes to 1; push with -i 1 to take that',
    'memory of web kept at 96M by scale, where the manifest alone comes to 128M; push with -m 128M to take that',
  ];
  const verdicts = ({ keys }: Planned) =>
    Object.fromEntries(keys.map(({ path, verdict, why }) => [path, `${verdict}: ${why}`]));
  const planned = await home.json<Planned>(['plan'], { cwd });
  expect(planned.notes.shop).toEqual(said);
  expect(planned.steps.map(({ what }) => what)).toContainEqual(
    expect.stringMatching(/^Start 2 instances of web.*\(96M/),
  );
  expect(verdicts(planned)).toMatchObject({
    instances: 'ignored: kept at 2 by scale',
    mem: 'ignored: kept at 96M by scale',
  });
  const pushed = await home.run(push, { cwd });
  for (const line of said) expect(pushed.stdout).toContain(`[API/0] OUT ${line}`);

  // One flag, one number: the other is still that of the hand.
  const flags = ['-i', '1'];
  const other = await home.json<Planned>(['plan', ...flags], { cwd });
  expect(other.notes.shop).toEqual(said.slice(1));
  expect(other.steps.map(({ what }) => what)).toContainEqual(
    expect.stringMatching(/^Start 1 instance of web.*\(96M/),
  );
  expect(verdicts(other).instances).toBe('ignored: --instances on the command line takes its place');
  expect(scaleOf((await home.json<Pushed>([...push, ...flags], { cwd })).apps)).toEqual([1, 96]);
  expect(scaleOf((await home.json<Pushed>([...push, '-m', '128M'], { cwd })).apps)).toEqual([1, 128]);
  // What is scaled after a push with a flag holds again.
  await home.run(['scale', 'shop', '-i', '2']);
  expect(scaleOf((await home.json<Pushed>(push, { cwd })).apps)).toEqual([2, 128]);
});

describe('a second push and the variables', () => {
  const manifest = (dialect: 'stackato' | 'cloud-foundry', env: string) =>
    dialect === 'stackato'
      ? `name: shop\nmem: 128M\ncommand: node server.js\nenv: {${env}}\n`
      : `applications:\n- name: shop\n  memory: 128M\n  command: node server.js\n  env: {${env}}\n`;

  async function pushTwice(home: Home, dialect: 'stackato' | 'cloud-foundry', args: readonly string[]) {
    const cwd = appFolder({ 'server.js': ECHO_SERVER, 'manifest.yml': manifest(dialect, 'A: old, GONE: x') });
    await home.json(['push', '--detach', '--no-watch'], { cwd });
    writeFileSync(join(cwd, 'manifest.yml'), manifest(dialect, 'A: new, B: new'));
    const { notes } = await home.json<Planned>(['plan', ...args], { cwd });
    const { url } = await home.json<Pushed>(['push', '--detach', '--no-watch', ...args], { cwd });
    const { A, B, GONE } = await envOf(url);
    return { env: { A, B, GONE }, notes: notes.shop ?? [] };
  }

  test('Stackato: set ones keep their values, new ones are added, and it is said', async () => {
    const home = newHome();
    const { env, notes } = await pushTwice(home, 'stackato', []);
    expect(env).toEqual({ A: 'old', B: 'new', GONE: 'x' });
    expect(notes.join('\n')).toMatch(/^A keeps the value[^]*^GONE is not in the manifest any more/m);
    const { stdout } = await home.run(['logs', 'shop', '--recent']);
    expect(stdout).toContain('[API/0] OUT A keeps the value of an earlier push');
  });

  test('Cloud Foundry: the manifest wins, others stay', async () => {
    expect((await pushTwice(newHome(), 'cloud-foundry', [])).env).toEqual({ A: 'new', B: 'new', GONE: 'x' });
  });

  test.each(['stackato', 'cloud-foundry'] as const)(
    '--env-mode replace: the manifest’s alone (%s)',
    async (dialect) => {
      const { env, notes } = await pushTwice(newHome(), dialect, ['--env-mode', 'replace']);
      expect(env).toEqual({ A: 'new', B: 'new', GONE: undefined });
      expect(notes).toEqual([]);
    },
  );

  test('--env wins in every mode', async () => {
    const { env } = await pushTwice(newHome(), 'stackato', ['--env', 'A=flag']);
    expect(env.A).toBe('flag');
  });

  test.each([
    ['stackato', { A: 'old', B: 'new', GONE: 'x' }],
    ['cloud-foundry', { A: 'new', B: 'new', GONE: 'x' }],
  ] as const)('an edit of a watched manifest does with them what a push does (%s)', async (dialect, is) => {
    const home = newHome();
    const cwd = appFolder({ 'server.js': ECHO_SERVER, 'manifest.yml': manifest(dialect, 'A: old, GONE: x') });
    const push = home.start(['push'], { cwd });
    const [, url] = await push.readUntil(/shop runs[^]*(http:\/\/shop\.localhost:\d+)$/m);
    writeFileSync(join(cwd, 'manifest.yml'), manifest(dialect, 'A: new, B: new'));
    await push.readUntil(/restart, because manifest\.yml changed[^]*shop is up/);
    const { A, B, GONE } = await envOf(url!);
    expect({ A, B, GONE }).toEqual(is);
    const { stdout } = await home.run(['logs', 'shop', '--recent']);
    expect(stdout).toContain('[API/0] OUT GONE is not in the manifest any more and stays');
  });

  test('the values of a first push that failed are not kept', async () => {
    const home = newHome();
    const cwd = echoApp(
      'shop',
      'env: {MODE: broken}\n',
      `if (process.env.MODE === 'broken') process.exit(1);\n${ECHO_SERVER}`,
    );
    expect((await home.run(['push', '--detach'], { cwd })).code).toBe(3);
    const text = readFileSync(join(cwd, 'manifest.yml'), 'utf8');
    writeFileSync(join(cwd, 'manifest.yml'), text.replace('broken', 'good'));
    const { url } = await home.json<Pushed>(['push', '--detach'], { cwd });
    expect((await envOf(url)).MODE).toBe('good');
  });
});

test('a random word is drawn once: an edit and another push keep it', async () => {
  const home = newHome();
  const cwd = echoApp('shop', 'url: ["shop-${random-word}.example.com"]\n');
  const urls = (apps: readonly AppSnapshot[]) => apps[0]!.urls.map((url) => new URL(url).hostname);
  const planned = await home.json<Planned>(['plan'], { cwd });
  expect(planned.notes.shop).toEqual([expect.stringContaining('is drawn at the first push')]);
  const first = urls((await home.json<Pushed>(['push', '--detach', '--no-watch'], { cwd })).apps);
  expect(first.join()).toMatch(/shop-[0-9a-f]{4,5}\.localhost/);
  const replanned = await home.json<Planned>(['plan'], { cwd });
  expect(replanned.notes).toEqual({});
  expect(replanned.steps.map(({ what }) => what).join('\n')).toContain(first.at(-1));
  const again = urls((await home.json<Pushed>(['push', '--detach', '--no-watch'], { cwd })).apps);
  expect(again).toEqual(first);
  const push = home.start(['push'], { cwd });
  await push.readUntil(/shop runs/);
  writeFileSync(
    join(cwd, 'manifest.yml'),
    `${readFileSync(join(cwd, 'manifest.yml'), 'utf8')}env: {EDITED: "yes"}\n`,
  );
  await push.readUntil(/restart, because manifest\.yml changed[^]*shop is up/);
  expect(urls((await home.json<{ apps: AppSnapshot[] }>(['apps'])).apps)).toEqual(first);
});

test('what was taken from the shell is still there when an edit is read', async () => {
  const home = newHome();
  const cwd = echoApp('shop', 'env: {TOKEN: {inherit: y, required: y}}\n');
  const push = home.start(['push'], { cwd, env: { TOKEN: 'from-shell' } });
  const [, url] = await push.readUntil(/shop runs[^]*(http:\/\/shop\.localhost:\d+)$/m);
  writeFileSync(
    join(cwd, 'manifest.yml'),
    `${readFileSync(join(cwd, 'manifest.yml'), 'utf8')}  \ntimeout: 50\n`,
  );
  await push.readUntil(/restart, because manifest\.yml changed[^]*shop is up/);
  expect((await envOf(url!)).TOKEN).toBe('from-shell');
});

describe('pre-push hooks', () => {
  test('run here, by the user’s shell and with its environment, before the app is staged', async () => {
    const home = newHome();
    const cwd = echoApp(
      'shop',
      'hooks: {pre-push: ["echo $STACKATO_HOOK_ACTION $STACKATO_APP_NAME $MINE > made", "- false"]}\n',
    );
    const { code, stdout } = await home.run(['push', '--detach'], { cwd, env: { MINE: 'mine' } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/pushing: -----> echo[^]*pushing: exited with status 1[^]*Staging shop/);
    expect(readFileSync(join(cwd, 'made'), 'utf8')).toBe('create shop mine\n');
    await home.run(['push', '--detach'], { cwd, env: { MINE: 'mine' } });
    expect(readFileSync(join(cwd, 'made'), 'utf8')).toBe('update shop mine\n');
  });

  test('that fail end the push before anything is made', async () => {
    const home = newHome();
    const cwd = echoApp('shop', 'hooks: {pre-push: "exit 9"}\n');
    const { code, stderr } = await home.run(['push', '--detach'], { cwd });
    expect(code).toBe(3);
    expect(stderr).toContain('Hook pre-push of app "shop" failed: "exit 9" exited with status 9');
    expect(await home.json(['apps'])).toMatchObject({ apps: [] });
  });
});
