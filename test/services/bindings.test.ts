/**
 * What apps see, to the letter. The Stackato rows are those of an environment captured on the platform itself
 * (version 2.10), with its own addresses and secrets put into our endpoints.
 */
import { readFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { stackatoServices, vcapServices } from '../../runtime/env/vcap.ts';
import { namedVariables } from '../../runtime/env/named-variables.ts';
import { urlVariables } from '../../runtime/env/url-variables.ts';
import type { BoundService } from '../../runtime/env/types.ts';
import { SERVICE_TYPES } from '../../services/index.ts';
import type { Dialect, Endpoint } from '../../services/kit/contract.ts';
import { readExternalUrl } from '../../services/kit/external.ts';

const HOST = '192.168.8.219';

const ENDPOINTS: Readonly<Record<string, readonly [name: string, endpoint: Endpoint]>> = {
  mysql: [
    'x4m',
    {
      host: HOST,
      port: 3306,
      user: 'u5abSI2TAAsOQ',
      password: 'pyn3Rv6wpdbEh',
      name: 'd918cc3be09de487ea14f10be78896006',
    },
  ],
  postgresql: [
    'x3p',
    {
      host: HOST,
      port: 5432,
      user: 'ua6179e2d2b704109b11970c272de9ef1',
      password: 'pab0a5a006d7a4f2cb9ebcd21eb18be1d',
      name: 'd4b4efa3f015d41eaa5005208313e814f',
    },
  ],
  redis: [
    'x2',
    {
      host: HOST,
      port: 5001,
      user: '',
      password: '4a965dc5-7718-4c99-a6f4-1783ed226750',
      name: '93aceb7a-42ec-43cd-ba1d-2fff317f248c',
    },
  ],
  mongodb: [
    'x1',
    {
      host: HOST,
      port: 25001,
      user: '6b9c0768-be43-41f2-915f-682a0dc3e9c8',
      password: 'a7c4f7a0-747b-4cd4-8846-002333457b91',
      name: '9df2f1b8-b63e-4a31-b5b7-7a987b5d2be9',
    },
  ],
  harbor: [
    'x5h',
    {
      host: HOST,
      port: 35810,
      user: '',
      password: '',
      name: 'fd1a0f54-1bc7-4d6d-951e-be05f40d52b0',
      details: { int_port: 4100 },
    },
  ],
  rabbitmq: ['mq', { host: HOST, port: 10001, user: 'u1', password: 'p1', name: 'v1' }],
  rabbitmq3: ['mq3', { host: HOST, port: 10002, user: 'u3', password: 'p3', name: 'v3' }],
  filesystem: [
    'shared-files',
    { host: HOST, port: 0, user: '', password: '', name: '', details: { folder: '/data/files' } },
  ],
};

const CAPTURED: Readonly<Record<string, string>> = {
  mongodb:
    '{"name":"x1","label":"mongodb-2.0","plan":"free","tags":["mongodb","mongodb-2.0","nosql"],"credentials":{"hostname":"192.168.8.219","host":"192.168.8.219","port":25001,"username":"6b9c0768-be43-41f2-915f-682a0dc3e9c8","password":"a7c4f7a0-747b-4cd4-8846-002333457b91","name":"9df2f1b8-b63e-4a31-b5b7-7a987b5d2be9","db":"db"}}',
  harbor:
    '{"name":"x5h","label":"harbor-1.0","plan":"free","tags":["harbor","harbor-1.0","Persistent external ports service"],"credentials":{"hostname":"192.168.8.219","host":"192.168.8.219","port":35810,"name":"fd1a0f54-1bc7-4d6d-951e-be05f40d52b0","node_id":"harbor_node_1","int_port":4100}}',
  mysql:
    '{"name":"x4m","label":"mysql-5.5","plan":"free","tags":["mysql","mysql-5.5","relational"],"credentials":{"name":"d918cc3be09de487ea14f10be78896006","hostname":"192.168.8.219","host":"192.168.8.219","port":3306,"user":"u5abSI2TAAsOQ","username":"u5abSI2TAAsOQ","password":"pyn3Rv6wpdbEh"}}',
  postgresql:
    '{"name":"x3p","label":"postgresql-9.1","plan":"free","tags":["postgresql","postgresql-9.1","relational"],"credentials":{"name":"d4b4efa3f015d41eaa5005208313e814f","host":"192.168.8.219","hostname":"192.168.8.219","port":5432,"user":"ua6179e2d2b704109b11970c272de9ef1","username":"ua6179e2d2b704109b11970c272de9ef1","password":"pab0a5a006d7a4f2cb9ebcd21eb18be1d"}}',
  redis:
    '{"name":"x2","label":"redis-2.6","plan":"free","tags":["redis","redis-2.6","key-value","nosql"],"credentials":{"hostname":"192.168.8.219","host":"192.168.8.219","port":5001,"password":"4a965dc5-7718-4c99-a6f4-1783ed226750","name":"93aceb7a-42ec-43cd-ba1d-2fff317f248c"}}',
};

function bound(typeName: string, dialect: Dialect, name?: string, endpoint?: Endpoint): BoundService {
  const type = SERVICE_TYPES.find((candidate) => candidate.type === typeName)!;
  const [usualName, usual] = ENDPOINTS[typeName]!;
  return {
    name: name ?? usualName,
    type: typeName,
    instanceId: 'instance',
    bindingId: 'binding',
    binding: type.bind(endpoint ?? usual, dialect, type.readOptions({})),
  };
}

const place = (dialect: Dialect) => ({
  dialect,
  appName: 'shop',
  folders: { home: '/app', root: '/root-of-app', tmp: '/tmp', cache: '/cache' },
});

const variables = (dialect: Dialect, ...services: readonly BoundService[]) =>
  Object.fromEntries(
    [...urlVariables(dialect, services), ...namedVariables(place(dialect), services)].map(
      ({ name, value }) => [name, value],
    ),
  );

describe('Stackato', () => {
  test.each(Object.keys(CAPTURED))('%s: the entry as it was captured', (type) => {
    const services = [bound(type, 'stackato')];
    expect(JSON.stringify(vcapServices(place('stackato'), services))).toBe(`{"${type}":[${CAPTURED[type]}]}`);
    const { name, credentials } = JSON.parse(CAPTURED[type]!) as { name: string; credentials: unknown };
    expect(JSON.stringify(stackatoServices(place('stackato'), services))).toBe(
      JSON.stringify({ [name]: credentials }),
    );
  });

  const CAPTURE = fileURLToPath(
    new URL(
      '../../../shared/manifests/stackato-env-captures/stackato-2.10-node-captured-env.json',
      import.meta.url,
    ),
  );
  test.skipIf(!existsSync(CAPTURE))('the rows above are those of the capture itself', () => {
    const capture = readFileSync(CAPTURE, 'utf8');
    for (const entry of Object.values(CAPTURED)) expect(capture).toContain(entry);
  });

  test('one of each: every URL variable, and no DATABASE_URL for two databases', () => {
    const all = ['mysql', 'postgresql', 'redis'].map((type) => bound(type, 'stackato'));
    expect(variables('stackato', ...all)).toEqual({
      MYSQL_URL: 'mysql://u5abSI2TAAsOQ:pyn3Rv6wpdbEh@192.168.8.219:3306/d918cc3be09de487ea14f10be78896006',
      POSTGRESQL_URL:
        'postgres://ua6179e2d2b704109b11970c272de9ef1:pab0a5a006d7a4f2cb9ebcd21eb18be1d@192.168.8.219:5432/d4b4efa3f015d41eaa5005208313e814f',
      REDIS_URL: 'redis://user:4a965dc5-7718-4c99-a6f4-1783ed226750@192.168.8.219:5001/',
    });
  });

  test('one database: DATABASE_URL is a copy of its URL', () => {
    for (const type of ['mysql', 'postgresql']) {
      const found = variables('stackato', bound(type, 'stackato'), bound('redis', 'stackato'));
      expect(found.DATABASE_URL).toBe(found[`${type.toUpperCase()}_URL`]);
    }
  });

  test('mongodb and rabbitmq', () => {
    expect(variables('stackato', bound('mongodb', 'stackato'), bound('rabbitmq', 'stackato'))).toEqual({
      MONGODB_URL:
        'mongodb://6b9c0768-be43-41f2-915f-682a0dc3e9c8:a7c4f7a0-747b-4cd4-8846-002333457b91@192.168.8.219:25001/db',
      RABBITMQ_URL: 'amqp://u1:p1@192.168.8.219:10001/v1',
    });
    expect(JSON.stringify(bound('rabbitmq', 'stackato').binding.credentials)).toBe(
      '{"name":"v1","hostname":"192.168.8.219","host":"192.168.8.219","port":10001,"vhost":"v1","username":"u1","user":"u1","password":"p1","pass":"p1"}',
    );
  });

  test('RABBITMQ_URL is the single rabbitmq, otherwise the single rabbitmq3', () => {
    const old = bound('rabbitmq', 'stackato');
    const later = bound('rabbitmq3', 'stackato');
    const second = bound('rabbitmq', 'stackato', 'other');
    expect(variables('stackato', later, old).RABBITMQ_URL).toBe('amqp://u1:p1@192.168.8.219:10001/v1');
    expect(variables('stackato', later, old, second).RABBITMQ_URL).toBe(
      'amqp://u3:p3@192.168.8.219:10002/v3',
    );
    expect(variables('stackato', old, second)).toEqual({});
  });

  test('filesystem: a folder below the app, no credentials, its variable always', () => {
    const one = bound('filesystem', 'stackato');
    expect(JSON.stringify(vcapServices(place('stackato'), [one]))).toBe(
      '{"filesystem":[{"name":"shared-files","label":"filesystem-1.0","plan":"free","tags":["filesystem","filesystem-1.0","Persistent filesystem service"],"dir":"/root-of-app/fs/shared-files"}]}',
    );
    expect(JSON.stringify(stackatoServices(place('stackato'), [one]))).toBe(
      '{"shared-files":{"dir":"/root-of-app/fs/shared-files"}}',
    );
    expect(variables('stackato', one)).toEqual({
      STACKATO_FILESYSTEM: '/root-of-app/fs/shared-files',
      STACKATO_FILESYSTEM_SHARED_FILES: '/root-of-app/fs/shared-files',
    });
    const two = [one, bound('filesystem', 'stackato', 'more')];
    expect(variables('stackato', ...two)).toEqual({
      STACKATO_FILESYSTEM_SHARED_FILES: '/root-of-app/fs/shared-files',
      STACKATO_FILESYSTEM_MORE: '/root-of-app/fs/more',
    });
  });

  test('a filesystem called APP-cache is hidden from both, and no name leads out of the folder', () => {
    const hidden = bound('filesystem', 'stackato', 'shop-cache');
    expect(vcapServices(place('stackato'), [hidden])).toEqual({});
    expect(stackatoServices(place('stackato'), [hidden])).toEqual({});
    const hostile = bound('filesystem', 'stackato', '../../etc');
    expect(variables('stackato', hostile).STACKATO_FILESYSTEM).toBe('/root-of-app/fs/-etc');
  });

  test('harbor: the port to listen on, in its variables', () => {
    expect(variables('stackato', bound('harbor', 'stackato'))).toEqual({
      STACKATO_HARBOR: '4100',
      STACKATO_HARBOR_X5H: '4100',
    });
  });

  test('user-provided: as given, all text, no plan and no variable', () => {
    const type = SERVICE_TYPES.find(({ type: name }) => name === 'user-provided')!;
    const options = type.readOptions({ credentials: { host: 'h', port: 5 } });
    const service = {
      ...bound('redis', 'stackato', 'ext'),
      type: 'user-provided',
      binding: type.bind(ENDPOINTS.redis![1], 'stackato', options),
    };
    expect(JSON.stringify(vcapServices(place('stackato'), [service]))).toBe(
      '{"user-provided":[{"name":"ext","label":"user-provided","tags":[],"credentials":{"host":"h","port":"5"}}]}',
    );
    expect(variables('stackato', service)).toEqual({});
  });

  test('two of a type: its URL variable is absent, and so is DATABASE_URL', () => {
    const two = [bound('mysql', 'stackato', 'a'), bound('mysql', 'stackato', 'b')];
    expect(variables('stackato', ...two)).toEqual({});
  });
});

describe('Cloud Foundry', () => {
  test('label, plan, tags and uri; no variable but DATABASE_URL, of the first database, its scheme rewritten', () => {
    const [mysql, postgresql, redis] = ['mysql', 'postgresql', 'redis'].map((type) =>
      bound(type, 'cloud-foundry'),
    );
    const services = vcapServices(place('cloud-foundry'), [postgresql!]) as Record<string, unknown[]>;
    expect(services.postgresql![0]).toMatchObject({
      label: 'postgresql',
      plan: 'free',
      name: 'x3p',
      credentials: {
        uri: 'postgres://ua6179e2d2b704109b11970c272de9ef1:pab0a5a006d7a4f2cb9ebcd21eb18be1d@192.168.8.219:5432/d4b4efa3f015d41eaa5005208313e814f',
      },
    });
    expect(variables('cloud-foundry', redis!, mysql!, postgresql!)).toEqual({
      DATABASE_URL:
        'mysql2://u5abSI2TAAsOQ:pyn3Rv6wpdbEh@192.168.8.219:3306/d918cc3be09de487ea14f10be78896006',
    });
    expect(variables('cloud-foundry', redis!)).toEqual({});
  });
});

describe('Cloud Foundry, without an engine', () => {
  test('user-provided: no provider and no plan, its drain told', () => {
    const type = SERVICE_TYPES.find(({ type: name }) => name === 'user-provided')!;
    const drain = 'syslog://logs.example.com:514';
    const options = type.readOptions({ credentials: { port: 5 }, syslog_drain_url: drain });
    const service = {
      ...bound('redis', 'cloud-foundry', 'ext'),
      type: 'user-provided',
      binding: type.bind(ENDPOINTS.redis![1], 'cloud-foundry', options),
    };
    const [entry] = (vcapServices(place('cloud-foundry'), [service]) as Record<string, object[]>)[
      'user-provided'
    ]!;
    expect(Object.keys(entry!)).toEqual([
      'label',
      'name',
      'tags',
      'instance_guid',
      'instance_name',
      'binding_guid',
      'binding_name',
      'credentials',
      'syslog_drain_url',
      'volume_mounts',
    ]);
    expect(entry).toMatchObject({ credentials: { port: 5 }, syslog_drain_url: drain });
  });

  test('filesystem: a volume mount', () => {
    const services = vcapServices(place('cloud-foundry'), [bound('filesystem', 'cloud-foundry')]);
    expect(services).toMatchObject({
      filesystem: [
        {
          credentials: {},
          volume_mounts: [
            { container_dir: '/root-of-app/fs/shared-files', mode: 'rw', device_type: 'shared' },
          ],
        },
      ],
    });
  });
});

describe('an engine that runs elsewhere', () => {
  const postgresql = SERVICE_TYPES.find(({ type }) => type === 'postgresql')!;
  const URL = 'postgresql://me%40work:p%2Fw@db.example.com/shop?sslmode=require';

  test('is bound by its URL: parts decoded in the fields, encoded in the variable, the query kept', () => {
    const endpoint = readExternalUrl(URL, postgresql.external!);
    expect(bound('postgresql', 'stackato', 'db', endpoint).binding.credentials).toEqual({
      name: 'shop',
      host: 'db.example.com',
      hostname: 'db.example.com',
      port: 5432,
      user: 'me@work',
      username: 'me@work',
      password: 'p/w',
    });
    expect(variables('stackato', bound('postgresql', 'stackato', 'db', endpoint))).toEqual({
      POSTGRESQL_URL: 'postgres://me%40work:p%2Fw@db.example.com:5432/shop?sslmode=require',
      DATABASE_URL: 'postgres://me%40work:p%2Fw@db.example.com:5432/shop?sslmode=require',
    });
  });

  test.each([
    ['db.example.com', 'has no scheme'],
    ['mysql://u:secret@h/n', 'begins with "mysql:"'],
    ['postgres://u:secret@h:99999/n', 'cannot be read'],
    ['postgres://u:se%cret@h/n', 'has a "%"'],
  ])('%s is refused without showing the password', (url, problem) => {
    let message = '';
    try {
      readExternalUrl(url, postgresql.external!);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(problem);
    expect(message).toContain('expected postgres://USER:PASSWORD@HOST:5432/NAME');
    expect(message).not.toContain('secret');
  });
});
