/** The real program in a home of its own. What it printed is in every failure's message. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { until } from './alive.ts';
import { ENGINE_PATH } from './engine-path.ts';
import { survivors } from './survivors.ts';
import { tempDir } from './temp-dir.ts';

/** The program as it is shipped. */
export const BIN = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));
/** For what hangs: a push of every engine, on a machine that is slow or busy. */
const COMMAND_MS = 200_000;
const PRINT_MS = 60_000;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Home {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  run(args: readonly string[], options?: { cwd?: string; env?: Record<string, string> }): Promise<Outcome>;
  /** Its standard output as JSON; fails the test with all output when the command fails. */
  json<T = Record<string, unknown>>(args: readonly string[], options?: { cwd?: string }): Promise<T>;
  start(args: readonly string[], options?: { cwd?: string; env?: Record<string, string> }): Running;
}

/** Everything in it is stopped when the test ends. Ports: any free one. */
export function newHome(extra: Record<string, string> = {}): Home {
  const folder = tempDir('pl-home-');
  const env = {
    PATH: ENGINE_PATH,
    HOME: folder,
    PAAS_LOCAL_HOME: join(folder, 'state'),
    PAAS_LOCAL_PORT: '0',
    PAAS_LOCAL_TLS_PORT: '0',
    NO_COLOR: '1',
    ...extra,
  };
  const home: Home = {
    folder,
    env,
    run: (args, options = {}) => home.start(args, options).exited,
    async json(args, options = {}) {
      const { code, stdout, stderr } = await home.run([...args, '--json'], options);
      if (code !== 0)
        throw new Error(`paas-local ${args.join(' ')} exited with ${code}:\n${stdout}\n${stderr}`);
      return JSON.parse(stdout) as never;
    },
    start: (args, options = {}) =>
      new Running(args, { cwd: options.cwd ?? folder, env: { ...env, ...options.env } }),
  };
  onTestFinished(async () => {
    await home.run(['stop', '--all']);
    // A host that has let go of its clients, or was ended without them, may still be writing its last lines.
    await until(`all that runs in ${folder} to end`, () => survivors(folder).length === 0, {
      state: () => survivors(folder),
    });
  });
  return home;
}

/** A command under way, whose output can be waited for. */
export class Running {
  readonly child: ChildProcess;
  readonly exited: Promise<Outcome>;
  stdout = '';
  stderr = '';
  /** It has exited and all it printed is here. */
  #closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(
    args: readonly string[],
    { cwd, env, program = BIN }: { cwd: string; env: Record<string, string>; program?: string },
  ) {
    this.child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#add('stdout', text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#add('stderr', text));
    const bound = setTimeout(() => this.child.kill('SIGKILL'), COMMAND_MS);
    this.exited = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        clearTimeout(bound);
        this.#closed = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        for (const check of this.#waiting) check();
      });
    });
    onTestFinished(() => void this.child.kill('SIGKILL'));
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Until the whole lines it printed so far match. Fails with what it did print when it ends first or hangs. */
  readUntil(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) =>
        reject(new Error(`${why} before ${pattern} was printed. It printed:\n${this.output}`));
      const bound = setTimeout(() => done(() => fail(`${PRINT_MS} ms passed`)), PRINT_MS);
      const check = () => {
        const match = pattern.exec(
          this.#closed ? this.output : wholeLines(this.stdout) + wholeLines(this.stderr),
        );
        if (match) done(() => resolve(match));
        else if (this.#closed) done(() => fail('It ended'));
      };
      const done = (settle: () => void) => {
        clearTimeout(bound);
        this.#waiting.delete(check);
        settle();
      };
      this.#waiting.add(check);
      check();
    });
  }

  #add(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    for (const check of this.#waiting) check();
  }
}

/** A line that has come in part may end in half a number. */
const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

/** An app folder with these files. */
export function appFolder(files: Readonly<Record<string, string>>): string {
  const folder = tempDir('pl-app-');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A Node app that answers with its environment's name, and its manifest. */
export function echoApp(name: string, more = '', server = ECHO_SERVER): string {
  return appFolder({
    'manifest.yml': `name: ${name}\nmem: 128M\ncommand: node server.js\n${more}`,
    'server.js': server,
  });
}

export const ECHO_SERVER = `
require('http').createServer((req, res) => {
  if (req.url === '/env') return res.end(JSON.stringify(process.env));
  if (req.url === '/pid') return res.end(String(process.pid));
  res.end('hello from ' + process.env.STACKATO_APP_NAME + '\\n');
}).listen(process.env.PORT, process.env.VCAP_APP_HOST, () => console.log('listening'));
`;

export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Asks the router for a URL as a browser would: the name in it needs no name service. */
export function get(url: string, headers: Record<string, string> = {}): Promise<Page> {
  const { port, host, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path: pathname + search, headers: { host, ...headers }, agent: false },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => (body += text));
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body }));
        answer.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
