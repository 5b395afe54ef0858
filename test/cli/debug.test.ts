import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../helpers/alive.ts';
import { appFolder, get, newHome } from '../helpers/cli.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';

const SERVER = `
require('http').createServer((req, res) => res.end(process.env.PAAS_LOCAL_DEBUG || 'up'))
  .listen(process.env.PORT, '127.0.0.1');
`;

/** Started by npm, which is a Node program itself. */
const nodeApp = (more = '', name = 'shop'): string =>
  appFolder({
    'manifest.yml': `name: ${name}\nmem: 256M\n${more}`,
    'package.json': JSON.stringify({
      name,
      version: '1.0.0',
      private: true,
      scripts: { start: 'node server.js' },
    }),
    'server.js': SERVER,
  });

const debugPortOf = ({ apps }: { readonly apps: readonly AppSnapshot[] }): number =>
  apps[0]!.processes[0]!.instances[0]!.debugPort!;

/** What Node's inspector tells of itself; undefined while nothing answers. */
const targets = async (port: number): Promise<{ url: string }[] | undefined> =>
  fetch(`http://127.0.0.1:${port}/json/list`).then(
    (answer) => answer.json() as Promise<{ url: string }[]>,
    () => undefined,
  );

describe('push --debug', () => {
  test('opens the inspector of the app itself, says how to attach, and does so at every start until the next push', async () => {
    const home = newHome();
    const folder = nodeApp('command: npm start\n');
    const pushed = await home.json<{ url: string; apps: AppSnapshot[] }>(['push', '--detach', '--debug'], {
      cwd: folder,
    });
    const port = debugPortOf(pushed);
    const own = async () =>
      (await targets(port))?.some(({ url }) => url.endsWith(`${folder}/server.js`)) ?? false;
    expect(await own()).toBe(true);
    // What the app starts in turn is not debugged.
    expect((await get(pushed.url)).body).toBe('up');
    const { stdout } = await home.run(['logs', 'shop']);
    expect(stdout).toContain(
      `[API/0] OUT Debugger of web/0 on 127.0.0.1:${port}; its health checks wait as long as you do`,
    );
    expect(stdout).toContain(`VS Code, launch.json: {"type":"node","request":"attach",`);
    expect(stdout).toContain(`terminal: node inspect 127.0.0.1:${port}`);
    expect((await home.run(['ps'])).stdout).toMatch(new RegExp(`shop/web/0 .*, debug ${port} `));

    const restarted = await home.json<{ apps: AppSnapshot[] }>(['restart', 'shop']);
    expect(debugPortOf(restarted)).toBe(port);
    expect(await own()).toBe(true);

    await home.json(['push', '--detach'], { cwd: folder });
    expect(await own()).toBe(false);
  });

  test('only one instance has it, and NODE_OPTIONS of the app stay', async () => {
    const home = newHome();
    const folder = nodeApp('instances: 2\nenv: {NODE_OPTIONS: --title=mine}\ncommand: node server.js\n');
    const pushed = await home.json<{ apps: AppSnapshot[] }>(['push', '--detach', '--debug-process', 'web'], {
      cwd: folder,
    });
    const ports = pushed.apps[0]!.processes[0]!.instances.map(({ debugPort }) => debugPort);
    expect(ports).toEqual([expect.any(Number), undefined]);
    expect(await targets(ports[0]!)).toHaveLength(1);
  });

  test('--debug-break begins the app when a debugger is there, however long that takes', async () => {
    const home = newHome();
    const pushing = home.start(['push', '--detach', '--debug-break'], { cwd: nodeApp('timeout: 1\n') });
    const [, port] = await pushing.readUntil(/Debugger of web\/0 on 127\.0\.0\.1:(\d+); nothing of it runs/);
    await until('the inspector', () => targets(Number(port)));
    // One that nobody debugs has failed by the time that this one still waits for.
    const late = await home.run(['push', '--detach'], {
      cwd: appFolder({
        'manifest.yml': 'name: late\nmem: 64M\ntimeout: 1\ncommand: sleep 100\n',
        'a.js': '',
      }),
    });
    expect(late.code).toBe(3);
    expect(pushing.child.exitCode).toBeNull();
    const debug = spawn(process.execPath, ['inspect', `127.0.0.1:${port}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void debug.kill('SIGKILL'));
    let said = '';
    debug.stdout.on('data', (chunk) => (said += String(chunk)));
    await until('its prompt', () => said.includes('break in') && said.includes('debug>'), {
      state: () => said,
    });
    debug.stdin.write('cont\n');
    expect(await pushing.exited).toMatchObject({ code: 0 });
  });

  test('an app that stands at a breakpoint is not ended for that', async () => {
    const home = newHome();
    // As if at a breakpoint: nothing is answered any more.
    const stands = `req.url === '/stand' ? Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) : res.end`;
    const app = (name: string) =>
      appFolder({
        'manifest.yml':
          `version: 1\napplications:\n- name: ${name}\n  memory: 128M\n  command: node server.js\n` +
          '  health-check-type: http\n  health-check-interval: 1\n  health-check-invocation-timeout: 1\n',
        'server.js': SERVER.replace('res.end', stands),
      });
    const [debugged, other] = [app('debugged'), app('other')];
    const { url, apps } = await home.json<{ url: string; apps: AppSnapshot[] }>(
      ['push', '--detach', '--debug'],
      {
        cwd: debugged,
      },
    );
    const ended = await home.json<{ url: string }>(['push', '--detach'], { cwd: other });
    for (const one of [url, ended.url]) get(`${one}/stand`).catch(() => {});
    await until('the other to be ended', async () =>
      (await home.run(['events', 'other'])).stdout.includes('audit.app.process.crash'),
    );
    const { app: after } = await home.json<{ app: AppSnapshot }>(['app', 'debugged']);
    const { pid } = apps[0]!.processes[0]!.instances[0]!;
    expect(after.processes[0]!.instances[0]).toMatchObject({ pid, state: 'running', crashes: 0 });
    await home.run(['stop', 'debugged', 'other']);
  });

  test('of a process that is not there is refused', async () => {
    const refused = await newHome().run(['push', '--detach', '--debug-process', 'worker'], {
      cwd: nodeApp(),
    });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('Cannot find a process of type "worker"');
  });

  test('says which languages it cannot, and what can be done instead', async () => {
    const folder = appFolder({
      'manifest.yml': 'name: pages\nbuildpack: staticfile_buildpack\n',
      'index.html': '<p>hi',
    });
    const refused = await newHome().run(['push', '--detach', '--debug'], { cwd: folder });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('only those of Node and Python are known, not of "static"');
    expect(refused.stderr).toContain('paas-local push pages --attach web');
  });
});

describe('push --debug of a Python app', () => {
  const files = (requirements: string) => ({
    'manifest.yml': 'name: shop\nmem: 256M\ncommand: python server.py\n',
    'requirements.txt': requirements,
    'server.py': `import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ.get('PAAS_LOCAL_DEBUG', 'up').encode())
http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), Handler).serve_forever()
`,
  });

  test('opens debugpy, which speaks to a debugger', { timeout: 240_000 }, async () => {
    const home = newHome();
    const pushed = await home.json<{ url: string; apps: AppSnapshot[] }>(['push', '--detach', '--debug'], {
      cwd: appFolder(files('debugpy\n')),
    });
    expect((await get(pushed.url)).body).toBe('up');
    const answer = await askAdapter(debugPortOf(pushed));
    expect(answer).toContain('"success": true, "command": "initialize"');
    expect((await home.run(['logs', 'shop'])).stdout).toContain('VS Code, launch.json: {"type":"debugpy"');
  });

  test('says how to install it where it is not', { timeout: 240_000 }, async () => {
    const refused = await newHome().run(['push', '--detach', '--debug'], { cwd: appFolder(files('')) });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('debugpy is not installed for its Python');
    expect(refused.stderr).toContain('Add a line "debugpy" to its requirements.txt');
  });
});

/** As an editor begins: one request of the debug adapter protocol. */
function askAdapter(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    const request = JSON.stringify({
      seq: 1,
      type: 'request',
      command: 'initialize',
      arguments: { adapterID: 'test' },
    });
    socket.write(`Content-Length: ${request.length}\r\n\r\n${request}`);
    let said = '';
    socket.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('"command": "initialize"')) resolve(said);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`it closed after: ${said}`)));
  });
}
