/** An app that really uses every service, with clients nobody here wrote, in both platforms' layouts. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BIN, get, newHome, type Home } from '../helpers/cli.ts';
import { missingEngines } from '../services/helpers.ts';

const LONG_MS = 400_000;
const APP = fileURLToPath(new URL('../../fixtures/apps/every-service', import.meta.url));
const TYPES = [
  'memcached',
  'mysql',
  'postgresql',
  'redis',
  'mongodb',
  'rabbitmq',
  'filesystem',
  'smtp',
  'harbor',
];

/** Debian's packages of the clients, as `.ci/run` installs them. */
const CLIENTS = ['psycopg2', 'pymysql', 'redis', 'pymongo', 'pika'];

async function whatIsMissing(): Promise<string[]> {
  const engines = TYPES.filter((type) => missing.has(type)).map((type) => missing.get(type)!);
  const { status, stderr } = spawnSync('/usr/bin/python3', ['-c', `import ${CLIENTS.join(', ')}`], {
    encoding: 'utf8',
  });
  return status === 0 ? engines : [...engines, stderr?.trim().split('\n').at(-1) ?? 'no /usr/bin/python3'];
}
const missing = await missingEngines();
const reasons = await whatIsMissing();

/** Runs the bin with this on its standard input. */
function piped(home: Home, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: home.folder, env: home.env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    child.on('close', (code) => resolve(`${code}\n${output}`));
    child.stdin.end(input);
  });
}

test(
  'every service is used through what an app is given, by Stackato and by Cloud Foundry',
  { timeout: LONG_MS },
  async ({ skip }) => {
    if (reasons.length > 0) {
      console.log(`not tested: ${reasons.join('; ')}`);
      if (process.env.CI)
        throw new Error(`on the machine that decides all of it is there: ${reasons.join('; ')}`);
      return skip(reasons.join('; '));
    }
    const home = newHome();
    const ask = async (url: string, type: string) => {
      const { status, body } = await get(`${url}/${type}`);
      return { type, status, answer: JSON.parse(body) as { by: string; read: string } };
    };
    const pushed = await home.json<{ url: string }>(['push', '--detach', '--timeout', '120'], { cwd: APP });
    const by = {
      memcached: 'host, port',
      mysql: 'MYSQL_URL',
      postgresql: 'POSTGRESQL_URL',
      redis: 'REDIS_URL',
      mongodb: 'MONGODB_URL',
      rabbitmq: 'RABBITMQ_URL',
      filesystem: 'STACKATO_FILESYSTEM',
      smtp: 'host, port, username, password',
      harbor: 'port, int_port',
    };
    for (const [type, where] of Object.entries(by)) {
      expect(await ask(pushed.url, type)).toEqual({
        type,
        status: 200,
        answer: { by: where, read: 'written by stackato' },
      });
    }
    const asGiven = { by: 'credentials', read: 'https://example.com/v1' };
    expect((await ask(pushed.url, 'user-provided')).answer).toEqual(asGiven);

    const other = await home.json<{ url: string }>(['push', '--detach', '--manifest', 'cloud-foundry.yml'], {
      cwd: APP,
    });
    for (const type of TYPES) {
      const where = {
        mysql: 'uri',
        postgresql: 'uri',
        redis: 'uri',
        mongodb: 'uri',
        rabbitmq: 'uri',
        filesystem: 'volume_mounts',
      }[type];
      expect(await ask(other.url, type)).toEqual({
        type,
        status: 200,
        answer: { by: where ?? by[type as keyof typeof by], read: 'written by cloud-foundry' },
      });
    }
    expect((await ask(other.url, 'user-provided')).answer).toEqual(asGiven);

    // What the engines' own clients find of it.
    expect((await home.run(['dbexport', 'my'])).stdout).toContain('written by cloud-foundry');
    expect((await home.run(['dbexport', 'db'])).stdout).toContain('written by cloud-foundry');
    expect(await piped(home, ['dbshell', 'store'], 'GET probe\n')).toContain('written by cloud-foundry');
    expect(await piped(home, ['dbshell', 'my'], 'SELECT value FROM probe;\n')).toContain(
      'written by cloud-foundry',
    );
    expect(await piped(home, ['service', 'db', '--connect'], 'SELECT value FROM probe;\n')).toContain(
      'written by cloud-foundry',
    );
    const mail = await home.json<{ contents: string[] }>(['service', 'mail']);
    expect(mail.contents.map((line) => line.split(': ').at(-1))).toEqual([
      'written by stackato',
      'written by cloud-foundry',
    ]);
  },
);
