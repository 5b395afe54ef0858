/**
 * What apps see, to the letter. The Stackato rows are those of an environment captured on the platform itself
 * (version 2.10), with its own addresses and secrets put into our endpoints.
 */
import { readFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { stackatoServices, vcapServices } from '../../runtime/env/vcap.ts';
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
};

const CAPTURED: Readonly<Record<string, string>> = {
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

const variables = (dialect: Dialect, ...services: readonly BoundService[]) =>
  Object.fromEntries(urlVariables(dialect, services).map(({ name, value }) => [name, value]));

describe('Stackato', () => {
  test.each(Object.keys(CAPTURED))('%s: the entry as it was captured', (type) => {
    const services = [bound(type, 'stackato')];
    expect(JSON.stringify(vcapServices('stackato', services))).toBe(`{"${type}":[${CAPTURED[type]}]}`);
    const { name, credentials } = JSON.parse(CAPTURED[type]!) as { name: string; credentials: unknown };
    expect(JSON.stringify(stackatoServices(services))).toBe(JSON.stringify({ [name]: credentials }));
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
    const services = vcapServices('cloud-foundry', [postgresql!]) as Record<string, unknown[]>;
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
