/** Ruby, PHP, Go and Java: each staged and started with the real toolchain, where this machine has it. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
import { findTool } from '../../../services/kit/find-tool.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { appFolder, factsOf, stage, type StageOptions } from './helpers.ts';
import { pathOf } from './tools.ts';

const lacks = (...tools: string[]): string | undefined => {
  const missing = tools.filter((tool) => !findTool(tool, process.env as Record<string, string>));
  return missing.length > 0 ? `${missing.join(' and ')} not on PATH` : undefined;
};

type Staged = Awaited<ReturnType<typeof stage>>;

const appEnv = (staged: Staged): Record<string, string> => ({
  ...staged.env,
  PATH: [...staged.path, process.env.PATH ?? ''].join(':'),
  HOME: tempDir(),
});

/** Starts what staging found and returns what it answers at `/`. */
async function firstAnswer(root: string, staged: Staged, path = '/'): Promise<string> {
  const port = await allocatePort();
  const app = spawn('/bin/bash', ['-c', staged.facts.commands.web!.command], {
    cwd: root,
    env: { ...appEnv(staged), PORT: String(port) },
    stdio: 'pipe',
    detached: true,
  });
  let output = '';
  for (const stream of [app.stdout, app.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  onTestFinished(() => void process.kill(-app.pid!, 'SIGKILL'));
  let answer: string | undefined;
  await expect
    .poll(
      async () => {
        if (app.exitCode !== null) throw new Error(`exited: ${output}`);
        answer = await fetch(`http://127.0.0.1:${port}${path}`).then(
          (response) => response.text(),
          () => undefined,
        );
        return answer;
      },
      { timeout: 100_000 },
    )
    .toBeDefined();
  return answer!;
}

test.each([
  ['ruby', { 'config.ru': '' }, 'config.ru found', 'rackup -o 127.0.0.1 -p $PORT config.ru'],
  [
    'ruby',
    { Gemfile: 'gem "puma"', 'config.ru': '' },
    'Gemfile found',
    'bundle exec puma -b tcp://127.0.0.1:$PORT',
  ],
  [
    'ruby',
    { Gemfile: '', 'config/environment.rb': '', 'config.ru': '' },
    'Gemfile found',
    'bundle exec rails server -b 127.0.0.1 -p $PORT',
  ],
  [
    'ruby',
    { 'web.rb': "require 'sinatra'" },
    'web.rb with Sinatra found',
    'ruby web.rb -o 127.0.0.1 -p $PORT',
  ],
  ['ruby', { Gemfile: '', 'package.json': '{}' }, 'Gemfile found', undefined],
  ['php', { 'index.php': '' }, 'index.php found', 'php -S 127.0.0.1:$PORT -t .'],
  [
    'php',
    { 'composer.json': '{}', 'public/index.php': '' },
    'composer.json found',
    'php -S 127.0.0.1:$PORT -t public',
  ],
  [
    'php',
    { 'a.php': '', '.bp-config/options.json': '{"WEBDIR": "site"}' },
    'a.php found',
    'php -S 127.0.0.1:$PORT -t site',
  ],
  ['go', { 'go.mod': 'module example.org/me/web/v2\n', 'main.go': 'package main\n' }, 'go.mod found', 'web'],
  [
    'go',
    { 'go.mod': 'module x', 'lib.go': 'package x', 'cmd/serve/main.go': 'package main' },
    'go.mod found',
    'serve',
  ],
  [
    'go',
    { 'go.mod': 'module x', 'cmd/web/main.go': 'package main', 'cmd/tool/main.go': 'package main' },
    'go.mod found',
    'web',
  ],
  ['go', { 'go.mod': 'module x', 'lib.go': 'package x' }, 'go.mod found', undefined],
  [
    'java',
    { 'app.jar': '', 'app-sources.jar': '' },
    'app.jar found',
    'SERVER_PORT=$PORT SERVER_ADDRESS=${SERVER_ADDRESS:-127.0.0.1} exec java $JAVA_OPTS -jar app.jar',
  ],
  [
    'java',
    { 'META-INF/MANIFEST.MF': 'Main-Class: a.B\n' },
    'META-INF/MANIFEST.MF found',
    'SERVER_PORT=$PORT SERVER_ADDRESS=${SERVER_ADDRESS:-127.0.0.1} exec java $JAVA_OPTS -cp . a.B',
  ],
  ['java', { 'WEB-INF/web.xml': '' }, 'WEB-INF/web.xml found', undefined],
])('%s: %j', (buildpack, files, because, web) => {
  const facts = factsOf(files);
  expect([facts.buildpack, facts.because, facts.commands.web?.command]).toEqual([buildpack, because, web]);
});

test('a missing toolchain is named', async () => {
  const rows: readonly (readonly [string, Readonly<Record<string, string>>, StageOptions?])[] = [
    ['Ruby', { 'config.ru': '' }],
    ['PHP', { 'index.php': '' }],
    ['Go', { 'main.go': 'package main' }],
    ['Java', { 'app.jar': '' }],
  ];
  for (const [tool, files] of rows) {
    await expect(stage(appFolder(files), { toolEnv: { PATH: pathOf({}) } })).rejects.toMatchObject({
      code: 'STAGING_TOOL_MISSING',
      message: `Cannot stage app "the-app": ${tool} is not installed`,
    });
  }
});

const noRuby = lacks('ruby', 'bundle');
describe.skipIf(noRuby)('Ruby', () => {
  if (noRuby) test.skip(`skipped: ${noRuby}`, () => {});
  const gem = {
    Gemfile: "source 'https://rubygems.org'\ngem 'left', path: 'vendored/left'\n",
    'vendored/left/left.gemspec':
      "Gem::Specification.new { |s| s.name='left'; s.version='1.0'; s.summary='x'; s.authors=['x']; s.files=['lib/left.rb']; s.bindir='exe'; s.executables=['serve-left'] }",
    'vendored/left/lib/left.rb': "LEFT = 'left'",
    'vendored/left/exe/serve-left': "require 'left'; print LEFT",
    'app.rb': 'require "left"; print LEFT',
  };

  test('gems are installed once, outside the app', async () => {
    const root = appFolder(gem);
    const first = await stage(root);
    expect(first.skipped).toBe(false);
    const inApp = async (command: string) =>
      (await promisify(execFile)('/bin/sh', ['-c', command], { cwd: root, env: appEnv(first) })).stdout;
    expect(await inApp('bundle exec ruby app.rb')).toBe('left');
    expect(await inApp('serve-left')).toBe('left');
    const second = await stage(root, { cacheDir: first.cacheDir });
    expect(second).toMatchObject({ skipped: true, env: first.env });
    expect(readdirSync(root).toSorted()).toEqual(['Gemfile', 'Gemfile.lock', 'app.rb', 'vendored']);
  });

  test('a gem that cannot be had', async () => {
    const root = appFolder({
      Gemfile: "source 'https://rubygems.org'\ngem 'no-such-gem-here'\n",
      'Gemfile.lock':
        'GEM\n  remote: https://rubygems.org/\n  specs:\n    no-such-gem-here (1.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  no-such-gem-here\n',
    });
    await expect(stage(root, { offline: true })).rejects.toMatchObject({
      code: 'STAGING_PACKAGE_MISSING',
      message:
        'Cannot install no-such-gem-here for app "the-app": not installed here, and --offline forbids to fetch it',
    });
  });
});

const noPhp = lacks('php');
describe.skipIf(noPhp)('PHP', () => {
  if (noPhp) test.skip(`skipped: ${noPhp}`, () => {});
  test('is served by its own server', async () => {
    const root = appFolder({ 'public/index.php': '<?php echo "php says ", $_SERVER["REQUEST_URI"];' });
    expect(await firstAnswer(root, await stage(root), '/any/path')).toBe('php says /any/path');
  });

  test('extensions that are not here are named', async () => {
    const root = appFolder({
      'composer.json': '{"require": {"php": ">=8", "ext-json": "*", "ext-nowhere": "*"}}',
      'index.php': '',
    });
    const { log } = await stage(root);
    expect(log).toEqual([
      expect.stringMatching(/^composer\.json asks for PHP extensions that are not here: nowhere/),
    ]);
  });

  test.skipIf(lacks('composer'))('Composer installs into vendor once', async () => {
    const root = appFolder({
      'composer.json':
        '{"require": {"me/left": "*"}, "repositories": [{"type": "path", "url": "vendored/left"}, {"packagist.org": false}]}',
      'vendored/left/composer.json':
        '{"name": "me/left", "version": "1.0", "autoload": {"files": ["left.php"]}}',
      'vendored/left/left.php': '<?php const LEFT = "left";',
      'index.php': '<?php require "vendor/autoload.php"; echo LEFT;',
    });
    const first = await stage(root);
    expect(first.skipped).toBe(false);
    expect(await firstAnswer(root, first)).toBe('left');
    expect((await stage(root, { cacheDir: first.cacheDir })).skipped).toBe(true);
  });
});

const noGo = lacks('go');
describe.skipIf(noGo)('Go', () => {
  if (noGo) test.skip(`skipped: ${noGo}`, () => {});
  const program = (says: string): string => `package main
import ("fmt"; "net/http"; "os")
func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "${says}") })
	http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
}
`;

  test('is built outside the app, and again by each start after an edit', async () => {
    const root = appFolder({ 'go.mod': 'module example.org/web\n', 'main.go': program('one') });
    const first = await stage(root);
    expect(first.skipped).toBe(false);
    expect(await firstAnswer(root, first)).toBe('one');
    expect((await stage(root, { cacheDir: first.cacheDir })).skipped).toBe(true);
    writeFileSync(join(root, 'main.go'), program('two'));
    expect(await firstAnswer(root, first)).toBe('two');
    expect(readdirSync(root).toSorted()).toEqual(['go.mod', 'main.go']);
  }, 180_000);

  test('what does not compile, and a module that is not listed', async () => {
    const broken = appFolder({ 'go.mod': 'module web\n', 'main.go': 'package main\nfunc main() { x }\n' });
    await expect(stage(broken)).rejects.toMatchObject({
      code: 'STAGING_FAILED',
      message: expect.stringContaining('it does not compile: ./main.go:2'),
    });
    const unlisted = appFolder({
      'go.mod': 'module web\n',
      'main.go': 'package main\nimport _ "example.org/left"\nfunc main() {}\n',
    });
    await expect(stage(unlisted, { offline: true })).rejects.toMatchObject({
      code: 'STAGING_PACKAGE_MISSING',
      facts: { packages: ['example.org/left'] },
    });
  }, 180_000);
});

const noJava = lacks('java', 'javac', 'jar');
describe.skipIf(noJava)('Java', () => {
  if (noJava) test.skip(`skipped: ${noJava}`, () => {});
  const program = `
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
public class Web {
  public static void main(String[] args) throws Exception {
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("SERVER_PORT"))), 0);
    server.createContext("/", exchange -> {
      exchange.sendResponseHeaders(200, 4);
      exchange.getResponseBody().write("java".getBytes());
      exchange.close();
    });
    server.start();
  }
}`;

  test('an executable jar is started, with the port where Spring looks for it', async () => {
    const sources = tempDir();
    writeFileSync(join(sources, 'Web.java'), program);
    const root = appFolder({});
    execFileSync('javac', ['-d', sources, join(sources, 'Web.java')]);
    execFileSync('jar', [
      '--create',
      '--file',
      join(root, 'web.jar'),
      '--main-class',
      'Web',
      '-C',
      sources,
      '.',
    ]);
    expect(await firstAnswer(root, await stage(root))).toBe('java');
  });

  test('an archive for a servlet container is refused with the reason, unless it starts by itself or is told how', async () => {
    const root = appFolder({ 'web.war': 'PK WEB-INF/web.xml' });
    await expect(stage(root)).rejects.toMatchObject({
      code: 'STAGING_FAILED',
      message: expect.stringContaining('web.war is made for a servlet container'),
    });
    await expect(stage(root, { command: 'catalina.sh run' })).resolves.toBeDefined();
    writeFileSync(join(root, 'web.war'), 'PK org/springframework/boot/loader/Main.class');
    await expect(stage(root)).resolves.toBeDefined();
  });

  test('Maven builds once, and again when a source changes', async () => {
    // A wrapper of our own stands in for Maven, whose plugins come from the network.
    const root = appFolder({
      'pom.xml': '<project/>',
      mvnw: 'mkdir -p target && echo "$@" >> target/web.jar',
      'src/main/java/Web.java': program,
    });
    const first = await stage(root);
    expect([first.skipped, existsSync(join(root, 'target', 'web.jar'))]).toEqual([false, true]);
    expect(first.facts.requirementFiles).toEqual(['pom.xml', 'src/main/java/Web.java']);
    expect((await stage(root, { cacheDir: first.cacheDir })).skipped).toBe(true);
    writeFileSync(join(root, 'src/main/java/Web.java'), `${program}\n`);
    expect((await stage(root, { cacheDir: first.cacheDir })).skipped).toBe(false);
  });
});
