import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AppSnapshot, Snapshot } from '../../runtime/snapshot.ts';
import { pidsGone } from '../helpers/alive.ts';
import { echoApp, get, newHome, type Home } from '../helpers/cli.ts';
import { reply } from '../runtime/router/helpers.ts';
import { cacheApp } from '../runtime/testing/helpers.ts';

const hasCurl = spawnSync('curl', ['--version']).status === 0;

interface Pushed {
  readonly url: string;
  readonly host: { readonly pid: number };
  readonly router: NonNullable<Snapshot['router']>;
  readonly apps: readonly AppSnapshot[];
}

const caFile = (home: Home): string => join(home.folder, 'state/ca/ca.pem');
const appsOf = async (home: Home) => (await home.json<{ apps: AppSnapshot[] }>(['apps'])).apps;

/** As a browser that trusts the home's authority, which resolves names below `.localhost` by itself. */
async function getSecurely(home: Home, url: string): Promise<string> {
  const { port, hostname, host, pathname } = new URL(url);
  const request = https.get({
    host: '127.0.0.1',
    port,
    path: pathname,
    servername: hostname,
    ca: readFileSync(caFile(home)),
    headers: { host },
    agent: false,
  });
  return (await reply(request)).body;
}

describe('push --tls', () => {
  test('routes on HTTPS too, and the app is told by the usual variables and trusts it', async () => {
    const home = newHome();
    const pushed = await home.json<Pushed>(['push', '--detach', '--tls'], { cwd: echoApp('shop') });
    const { tlsPort, port } = pushed.router;
    expect(pushed.url).toBe(`https://shop.localhost:${tlsPort}`);
    expect(pushed.apps[0]!.urls).toEqual([pushed.url, `http://shop.localhost:${port}`]);
    const env = JSON.parse(await getSecurely(home, `${pushed.url}/env`)) as Record<string, string>;
    expect(JSON.parse(env.VCAP_APPLICATION!)).toMatchObject({ uris: ['shop.localhost'] });
    const own = readFileSync(caFile(home), 'utf8').trim();
    expect(readFileSync(env.NODE_EXTRA_CA_CERTS!, 'utf8').trim()).toBe(own);
    const all = readFileSync(env.SSL_CERT_FILE!, 'utf8');
    expect(all).toContain(own);
    expect(all.match(/BEGIN CERTIFICATE/g)!.length).toBeGreaterThan(50);
    expect(env).toMatchObject({ REQUESTS_CA_BUNDLE: env.SSL_CERT_FILE, CURL_CA_BUNDLE: env.SSL_CERT_FILE });
    expect((await get(`http://shop.localhost:${port}/`)).body).toContain('hello from shop');
    expect(await home.json(['open'], { cwd: echoApp('shop') })).toEqual({ app: 'shop', url: pushed.url });
    const { routes } = await home.json<{ routes: object[] }>(['routes']);
    expect(routes).toMatchObject([{ host: 'shop', domain: 'localhost', port, tlsPort }]);
  });

  test('says where, and what to do about trust; a second push that asks for another port is told', async () => {
    const home = newHome();
    const cwd = echoApp('shop');
    const first = await home.run(['push', '--detach', '--tls'], { cwd });
    expect(first.stdout).toMatch(
      /HTTPS on port \d+, signed by .*\/state\/ca\/ca\.pem \(see: paas-local trust\)/,
    );
    const again = await home.run(['push', '--detach', '--tls-port', '1234'], { cwd });
    expect(again.stderr).toMatch(/routes on port \d+ already, so --tls-port 1234 has no effect/);
    const strict = await home.run(['push', '--detach', '--tls-port', '1234', '--strict-ports'], { cwd });
    expect(strict).toMatchObject({ code: 5 });
    expect(strict.stderr).toContain('Leave out --tls-port');
  });

  test('is for the app: another has HTTP URLs, and so has this one when it is pushed without', async () => {
    const home = newHome();
    const cwd = echoApp('one');
    await home.json(['push', '--detach', '--tls'], { cwd });
    await home.json(['push', '--detach'], { cwd: echoApp('two') });
    const schemes = async () =>
      Object.fromEntries(
        (await appsOf(home)).map(({ name, urls }) => [name, urls.map((url) => url.split(':')[0])]),
      );
    expect(await schemes()).toEqual({ one: ['https', 'http'], two: ['http'] });
    await home.json(['push', '--detach'], { cwd });
    expect(await schemes()).toEqual({ one: ['http'], two: ['http'] });
  });

  test('comes back after the host was killed, with the same authority', async () => {
    const home = newHome();
    const { host } = await home.json<Pushed>(['push', '--detach', '--tls'], { cwd: echoApp('shop') });
    const authority = readFileSync(caFile(home), 'utf8');
    process.kill(host.pid, 'SIGKILL');
    await pidsGone([host.pid]);
    expect(await home.run(['start'])).toMatchObject({ code: 0 });
    const [app] = await appsOf(home);
    expect(app!.urls[0]).toMatch(/^https:/);
    expect(await getSecurely(home, `${app!.urls[0]}/`)).toContain('hello from shop');
    expect(readFileSync(caFile(home), 'utf8')).toBe(authority);
  });

  test('an authority that cannot be read is said, and nothing started', async () => {
    const home = newHome();
    mkdirSync(join(home.folder, 'state/ca'), { recursive: true });
    writeFileSync(caFile(home), 'scribble');
    const failed = await home.run(['push', '--detach', '--tls'], { cwd: echoApp('shop') });
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toMatch(/Cannot use the certificate authority .*\[AUTHORITY_UNUSABLE\]/);
    expect(failed.stderr).toContain('Remove the folder');
  });

  test('a push without it makes no authority', async () => {
    const home = newHome();
    await home.json(['push', '--detach'], { cwd: echoApp('shop') });
    expect(existsSync(caFile(home))).toBe(false);
  });
});

describe('exec --tls', () => {
  test('gives a URL that Node trusts as it is', async () => {
    const script = `fetch(process.env.PAAS_LOCAL_URL + '/env').then((r) => r.json()).then((env) =>
      console.log(process.env.PAAS_LOCAL_URL.split(':')[0], env.STACKATO_APP_NAME, process.env.PAAS_LOCAL_CA_FILE))`;
    const home = newHome();
    const { code, stdout, stderr } = await home.run(['exec', '--tls', '--', 'node', '-e', script], {
      cwd: cacheApp(),
    });
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: `https shop ${caFile(home)}\n` });
  });

  const hasPython = spawnSync('python3', ['-c', 'import ssl']).status === 0;

  test.skipIf(!hasPython)('and Python (skipped without python3)', async () => {
    const script = `import os, urllib.request
print(urllib.request.urlopen(os.environ["PAAS_LOCAL_URL"]).read().decode())`;
    const { code, stdout, stderr } = await newHome().run(['exec', '--tls', '--', 'python3', '-c', script], {
      cwd: cacheApp(),
    });
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: 'hello from shop\n' });
  });

  test.skipIf(!hasCurl)('and curl (skipped without curl)', async () => {
    const { code, stdout, stderr } = await newHome().run(
      ['exec', '--tls', '--', 'sh', '-c', 'curl -sS "$PAAS_LOCAL_URL"'],
      { cwd: cacheApp() },
    );
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: 'hello from shop' });
  });
});

describe('trust', () => {
  interface Trust {
    readonly authority: { readonly file: string; readonly name: string };
    readonly stores: readonly {
      readonly kind: string;
      readonly trusted: boolean;
      readonly add: readonly string[][];
      readonly remove: readonly string[][];
    }[];
  }

  test('prints what to do, and changes nothing', async () => {
    const home = newHome();
    const { code, stdout } = await home.run(['trust']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Authority paas-local CA [0-9a-f]{8}, until \d{4}-\d\d-\d\d: .*\/state\/ca\/ca\.pem\n/,
    );
    expect(stdout).toContain('It can vouch for localhost, names below .localhost, 127.0.0.1 and ::1');
    expect(stdout).toContain(`export NODE_EXTRA_CA_CERTS=${caFile(home)}`);
    const { authority } = await home.json<Trust>(['trust']);
    expect(authority).toMatchObject({ file: caFile(home) });
    expect(stdout).toContain(authority.name);
  });

  test('does nothing that was not agreed to', async () => {
    const home = newHome();
    mkdirSync(join(home.folder, '.pki/nssdb'), { recursive: true });
    writeFileSync(join(home.folder, '.pki/nssdb/cert9.db'), '');
    // A program that would tell if it was run with more than a question.
    mkdirSync(join(home.folder, 'bin'));
    writeFileSync(
      join(home.folder, 'bin/certutil'),
      '#!/bin/sh\ncase "$*" in *-A*) touch "$HOME/changed";; esac\nexit 1\n',
    );
    chmodSync(join(home.folder, 'bin/certutil'), 0o755);
    const env = { PATH: `${home.folder}/bin:${process.env.PATH}` };
    const refused = await home.run(['trust', '--install', '--store', 'chromium'], { env });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('paas-local trust --install --force');
    expect(existsSync(join(home.folder, 'changed'))).toBe(false);
    const failed = await home.run(['trust', '--install', '--store', 'chromium', '--force'], { env });
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stdout).toContain('ended with status 1');
    expect(existsSync(join(home.folder, 'changed'))).toBe(true);
  });

  const hasCertutil = spawnSync('certutil', ['-H']).error === undefined;

  test.skipIf(!hasCertutil)(
    'puts it into the store of Chromium, and takes it out again (skipped without certutil)',
    async () => {
      const home = newHome();
      const folder = join(home.folder, '.pki/nssdb');
      mkdirSync(folder, { recursive: true });
      spawnSync('certutil', ['-d', `sql:${folder}`, '-N', '--empty-password']);
      const chromium = ['trust', '--store', 'chromium'];
      expect((await home.json<Trust>(chromium)).stores).toMatchObject([{ kind: 'chromium', trusted: false }]);
      const installed = await home.run([...chromium, '--install', '--force']);
      expect(installed).toMatchObject({ code: 0, stderr: '' });
      expect(installed.stdout).toContain(`Chromium (${folder}): trusted\n`);
      const listed = spawnSync('certutil', ['-d', `sql:${folder}`, '-L'], { encoding: 'utf8' });
      expect(listed.stdout).toMatch(/paas-local CA [0-9a-f]{8} +C,,/);
      expect((await home.run([...chromium, '--install', '--force'])).stdout).toContain('is trusted already');
      expect((await home.json<Trust>(chromium)).stores).toMatchObject([{ trusted: true }]);
      const removed = await home.json<Trust>([...chromium, '--remove', '--force']);
      expect(removed.stores).toMatchObject([{ trusted: false }]);
    },
  );

  test('where a program is missing, its package is named', async () => {
    const home = newHome();
    const profile = join(home.folder, '.mozilla/firefox/abc.default');
    mkdirSync(profile, { recursive: true });
    writeFileSync(join(profile, 'cert9.db'), '');
    mkdirSync(join(home.folder, 'bin'));
    writeFileSync(join(home.folder, 'bin/apt-get'), '#!/bin/sh\n');
    chmodSync(join(home.folder, 'bin/apt-get'), 0o755);
    const { stdout } = await home.run(['trust', '--store', 'firefox'], {
      env: { PATH: `${home.folder}/bin` },
    });
    expect(stdout).toContain(
      `Firefox (${profile}), for Firefox: not trusted\n  sudo apt-get install libnss3-tools\n  certutil -d`,
    );
  });

  test('refuses to do both', async () => {
    expect(await newHome().run(['trust', '--install', '--remove'])).toMatchObject({ code: 2 });
  });
});

// Node's client does not say why it leaves.
test.skipIf(!hasCurl)(
  'a push is told of a client that does not trust it (skipped without curl)',
  async () => {
    const home = newHome();
    const running = home.start(['push', '--tls'], { cwd: echoApp('shop') });
    const [, port] = await running.readUntil(/HTTPS on port (\d+)/);
    await running.readUntil(/shop runs/);
    const client = spawnSync('curl', ['-s', `https://127.0.0.1:${port}/`], {
      env: { PATH: process.env.PATH! },
    });
    expect(client.status).toBe(60);
    await running.readUntil(/it does not trust .*ca\.pem\. What to do: paas-local trust/);
    running.child.kill('SIGINT');
    await once(running.child, 'exit');
  },
);
