import { expect, test } from 'vitest';
import { bindingFiles } from '../../../runtime/env/binding-files.ts';
import type { BoundService } from '../../../runtime/env/types.ts';

const place = {
  dialect: 'cloud-foundry',
  appName: 'shop',
  folders: { home: '/app', root: '/state/shop', tmp: '/tmp', cache: '/cache' },
} as const;

const database = (name: string, more: Partial<BoundService['binding']> = {}): BoundService => ({
  name,
  type: 'postgresql',
  instanceId: 'instance',
  bindingId: 'binding',
  binding: {
    label: 'postgresql',
    plan: 'free',
    tags: ['relational'],
    credentials: { host: 'h', port: 5432, name: 'shop', options: {} },
    ...more,
  },
});

test('without a feature, or in the other dialect, there are none', () => {
  expect(bindingFiles(place, {}, [database('db')])).toBeUndefined();
  expect(bindingFiles(place, { 'file-based-vcap-services': false }, [])).toBeUndefined();
  const stackato = { ...place, dialect: 'stackato' } as const;
  expect(bindingFiles(stackato, { 'file-based-vcap-services': true }, [])).toBeUndefined();
});

test('VCAP_SERVICES as one file', () => {
  const found = bindingFiles(place, { 'file-based-vcap-services': true }, [database('db')])!;
  expect(found.variable).toMatchObject({
    name: 'VCAP_SERVICES_FILE_PATH',
    value: '/state/shop/cf-service-bindings/vcap_services',
  });
  const told = JSON.parse(found.files.get('vcap_services')!) as { postgresql: { credentials: unknown }[] };
  expect(told.postgresql[0]!.credentials).toMatchObject({ host: 'h', port: 5432 });
});

test('a folder per binding: credentials, then what is about the binding, which wins; nothing for what is empty', () => {
  const found = bindingFiles(place, { 'service-binding-k8s': true }, [database('db')])!;
  expect(found.variable).toMatchObject({
    name: 'SERVICE_BINDING_ROOT',
    value: '/state/shop/cf-service-bindings',
  });
  expect(Object.fromEntries(found.files)).toEqual({
    'db/host': 'h',
    'db/port': '5432',
    'db/name': 'db',
    'db/type': 'postgresql',
    'db/provider': 'postgresql',
    'db/label': 'postgresql',
    'db/plan': 'free',
    'db/tags': '["relational"]',
    'db/instance_guid': 'instance',
    'db/instance_name': 'db',
    'db/binding_guid': 'binding',
  });
});

test.each([
  [[database('../db')], {}, 'Invalid binding name: "../db"'],
  [[database('DB')], {}, 'Invalid binding name: "DB"'],
  [[database('db'), database('db')], {}, 'Duplicate binding name: "db"'],
  [[database('db', { credentials: { '../x': '1' } })], {}, 'Invalid file name: "../x"'],
  [[database('db', { credentials: { big: 'x'.repeat(1_000_001) } })], {}, 'at most 1000000 are written'],
  [[], { 'file-based-vcap-services': true }, 'exclude each other'],
] as const)('is refused with the platform’s words (%#)', (services, more, words) => {
  expect(() => bindingFiles(place, { 'service-binding-k8s': true, ...more }, services)).toThrow(words);
});
