import { describe, expect, test } from 'vitest';
import { buildEnv, flatten, type EnvInput } from '../../../runtime/env/build-env.ts';
import type { BoundService, InstanceFacts } from '../../../runtime/env/types.ts';

const facts: InstanceFacts = {
  appName: 'django-gtd',
  appId: '11111111-1111-4111-8111-111111111111',
  version: '22222222-2222-4222-8222-222222222222',
  dialect: 'stackato',
  processType: 'web',
  index: 0,
  instanceId: '33333333-3333-4333-8333-333333333333',
  port: 40123,
  host: '127.0.0.1',
  uris: ['django-gtd.localhost'],
  memoryBytes: 128 * 1024 * 1024,
  diskBytes: 2048 * 1024 * 1024,
  fileDescriptors: 16384,
  space: { id: 's-id', name: 'default' },
  organization: { id: 'o-id', name: 'local' },
  startedAt: Date.UTC(2014, 2, 1, 12, 0, 0),
  folders: { home: '/apps/gtd', root: '/state/gtd', tmp: '/state/gtd/tmp', cache: '/state/gtd/cache' },
};

const cache = (name: string, port = 45001): BoundService => ({
  name,
  type: 'memcached',
  instanceId: `${name}-instance`,
  bindingId: `${name}-binding`,
  binding: {
    label: 'memcached-1.4',
    plan: 'free',
    tags: ['memcached', 'memcached-1.4', 'key-value', 'nosql'],
    credentials: { hostname: '127.0.0.1', host: '127.0.0.1', port, user: 'u', password: 'p', name: 'n' },
    url: { variable: 'MEMCACHE_URL', aliases: ['MEMCACHED_URL'], value: `127.0.0.1:${port}` },
  },
});

const relational = (name: string, type: string, uri: string): BoundService => ({
  ...cache(name),
  type,
  binding: {
    label: type,
    plan: 'free',
    tags: [],
    credentials: { uri },
    relational: true,
    url: { variable: `${type.toUpperCase()}_URL`, aliases: [], value: uri },
  },
});

const span = { file: 'manifest.yml', line: 7, column: 3, length: 1, source: '' };

function build(more: Partial<EnvInput> = {}) {
  const env = buildEnv({
    facts,
    services: [],
    shellEnv: { PATH: '/usr/bin', LANG: 'C.UTF-8' },
    staging: { buildpack: 'python', path: ['/venv/bin'], env: { VIRTUAL_ENV: '/venv' } },
    manifestEnv: {},
    setEnv: {},
    ...more,
  });
  return { ...env, all: flatten(env) };
}

describe('Stackato', () => {
  test('one memcached: the exact field set and order, and the bare address', () => {
    const { all } = build({ services: [cache('memcached-gtd')] });
    expect(all.VCAP_SERVICES).toBe(
      '{"memcached":[{"name":"memcached-gtd","label":"memcached-1.4","plan":"free","tags":["memcached","memcached-1.4","key-value","nosql"],"credentials":{"hostname":"127.0.0.1","host":"127.0.0.1","port":45001,"user":"u","password":"p","name":"n"}}]}',
    );
    expect(all.STACKATO_SERVICES).toBe(
      '{"memcached-gtd":{"hostname":"127.0.0.1","host":"127.0.0.1","port":45001,"user":"u","password":"p","name":"n"}}',
    );
    expect(all.MEMCACHE_URL).toBe('127.0.0.1:45001');
    expect(all.MEMCACHED_URL).toBe('127.0.0.1:45001');
  });

  test('without a service both JSON variables are an empty object', () => {
    const { all } = build();
    expect(all.VCAP_SERVICES).toBe('{}');
    expect(all.STACKATO_SERVICES).toBe('{}');
    expect(all).not.toHaveProperty('MEMCACHE_URL');
  });

  test('two services of a type make the URL variable disappear', () => {
    const { all } = build({ services: [cache('a', 1), cache('b', 2)] });
    expect(all).not.toHaveProperty('MEMCACHE_URL');
    expect(JSON.parse(all.VCAP_SERVICES!).memcached).toHaveLength(2);
  });

  test('DATABASE_URL needs exactly one relational service', () => {
    const mysql = relational('db', 'mysql', 'mysql://u:p@h:1/n');
    const postgres = relational('pg', 'postgresql', 'postgres://u:p@h:2/n');
    expect(build({ services: [mysql, cache('c')] }).all.DATABASE_URL).toBe('mysql://u:p@h:1/n');
    expect(build({ services: [mysql, postgres] }).all).not.toHaveProperty('DATABASE_URL');
  });

  test('the platform variables', () => {
    const { all } = build();
    expect(all).toMatchObject({
      PORT: '40123',
      VCAP_APP_PORT: '40123',
      VCAP_APP_HOST: '127.0.0.1',
      HOME: '/apps/gtd',
      TMPDIR: '/state/gtd/tmp',
      MEMORY_LIMIT: '128m',
      STACKATO_APP_NAME: 'django-gtd',
      STACKATO_APP_NAME_UPCASE: 'DJANGO_GTD',
      STACKATO_APP_ROOT: '/state/gtd',
      CF_INSTANCE_INDEX: '0',
      CF_INSTANCE_ADDR: '127.0.0.1:40123',
      PYTHONUNBUFFERED: '1',
      PATH: '/venv/bin:/usr/bin',
      VIRTUAL_ENV: '/venv',
    });
    expect(Object.keys(JSON.parse(all.VCAP_APPLICATION!))).toEqual([
      'limits',
      'application_version',
      'application_name',
      'application_uris',
      'version',
      'name',
      'space_name',
      'space_id',
      'uris',
      'users',
      'application_id',
      'instance_id',
      'instance_index',
      'host',
      'port',
      'started_at',
      'started_at_timestamp',
      'start',
      'state_timestamp',
    ]);
    expect(JSON.parse(all.VCAP_APPLICATION!)).toMatchObject({
      limits: { mem: 128, disk: 2048, fds: 16384 },
      uris: ['django-gtd.localhost'],
      start: '2014-03-01 12:00:00 +0000',
      users: null,
    });
  });

  test("the user's values stay shell text, apart from the system's", () => {
    const { user, system } = build({
      manifestEnv: { HOMEPAGE: { value: '$HOME/x', hidden: false, span, origin: 'manifest.yml:7:3' } },
    });
    expect(user).toEqual([{ name: 'HOMEPAGE', value: '$HOME/x', origin: 'manifest.yml:7:3' }]);
    expect(system.map(({ name }) => name)).not.toContain('HOMEPAGE');
  });
});

describe('Cloud Foundry', () => {
  const cloudFoundry = { ...facts, dialect: 'cloud-foundry' as const };

  test('VCAP_SERVICES has the key order of the controller', () => {
    const service = { ...cache('cache'), bindingName: 'my-cache' };
    const { all } = build({ facts: cloudFoundry, services: [service] });
    const [entry] = JSON.parse(all.VCAP_SERVICES!)['memcached-1.4'];
    expect(Object.keys(entry)).toEqual([
      'label',
      'provider',
      'plan',
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
    expect(entry).toMatchObject({
      provider: null,
      name: 'my-cache',
      binding_name: 'my-cache',
      instance_name: 'cache',
    });
  });

  test('VCAP_APPLICATION has the key order of the controller and no start times', () => {
    const application = JSON.parse(build({ facts: cloudFoundry }).all.VCAP_APPLICATION!);
    expect(Object.keys(application)).toEqual([
      'cf_api',
      'limits',
      'application_name',
      'application_uris',
      'name',
      'space_name',
      'space_id',
      'organization_id',
      'organization_name',
      'uris',
      'process_id',
      'process_type',
      'application_id',
      'version',
      'application_version',
      'host',
      'instance_id',
      'port',
      'instance_index',
    ]);
    expect(application.process_id).toBe(facts.appId);
  });

  test('DATABASE_URL is the first relational uri with its scheme rewritten, over the user’s own', () => {
    const { all } = build({
      facts: cloudFoundry,
      services: [
        relational('r', 'redis', 'redis://h'),
        relational('m', 'mysql', 'mysql://u@h/n'),
        relational('p', 'pg', 'postgresql://h'),
      ],
      manifestEnv: {
        DATABASE_URL: { value: 'mine', hidden: false, span, origin: 'm' },
        HOME: { value: '/else', hidden: false, span, origin: 'm' },
        PATH: { value: '/own', hidden: false, span, origin: 'm' },
      },
    });
    expect(all.DATABASE_URL).toBe('mysql2://u@h/n');
    expect(all.HOME).toBe('/apps/gtd');
    expect(all.PATH).toBe('/own');
  });
});

test('set-env wins over the manifest, and every variable has an origin', () => {
  const { user, system } = build({
    services: [cache('c')],
    manifestEnv: { A: { value: '1', hidden: true, span, origin: 'manifest.yml:7:3' } },
    setEnv: { A: '2' },
  });
  expect(user).toEqual([{ name: 'A', value: '2', origin: 'set-env' }]);
  expect(system.every(({ origin }) => origin !== '')).toBe(true);
  expect(system.find(({ name }) => name === 'MEMCACHE_URL')?.origin).toBe('service c');
  expect(system.find(({ name }) => name === 'PATH')?.origin).toBe('python buildpack');
});

test('the document root is below the home, as the manifest names it', () => {
  const root = (documentRoot?: string) =>
    build(documentRoot === undefined ? {} : { documentRoot }).all.STACKATO_DOCUMENT_ROOT;
  expect(root()).toBe('/apps/gtd');
  expect(root('web/public')).toBe('/apps/gtd/web/public');
});
