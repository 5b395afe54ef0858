/** What the decoders refuse beyond the shapes of their tables, as far as a JSON Schema can say it. */
import type { Json } from '../../services/kit/json.ts';
import type { RecordShape } from './shape.ts';
import { APP as CLOUD_FOUNDRY_APP } from './dialects/cloud-foundry/keys.ts';
import { APP as STACKATO_APP, FILE as STACKATO_FILE } from './dialects/stackato/keys.ts';

type Schema = { [keyword: string]: Json };

/** Keywords to stand beside `properties`. */
export function recordRules(shape: RecordShape): Schema {
  if (shape === CLOUD_FOUNDRY_APP) return { not: present('buildpack', 'buildpacks') };
  if (shape.keys.has('credentials') && shape.keys.has('vendor')) return USER_PROVIDED;
  return {};
}

/** Keywords to stand beside what the shape of a key says. */
export function keyRules(key: string, shape: RecordShape): Schema {
  if (key === 'name' && (shape === STACKATO_APP || shape === STACKATO_FILE)) return { anyOf: STACKATO_NAME };
  if (key === 'env' && shape === CLOUD_FOUNDRY_APP) return { propertyNames: { pattern: ENV_NAME } };
  return {};
}

/** Becomes the first label of a host name. What is no string is a number, which is fine. */
const STACKATO_NAME: Json[] = [
  { type: ['number', 'boolean', 'null'] },
  {
    type: 'string',
    pattern: '^(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)?$',
  },
  { $ref: '#/definitions/placeholder' },
];

/** The platform's own. */
const ENV_NAME = '^(?!PORT$|[vV][cC][aA][pP]_|[vV][mM][cC])[^=]+$';

const USER_PROVIDED: Schema = {
  // "label" wins over "type".
  if: { required: ['type'], properties: { type: { enum: ['user-provided'] }, label: false } },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { required: ['credentials'] },
};

/** All of the keys, and none of them null, which counts as absent. */
const present = (...keys: string[]): Schema => ({
  required: keys,
  properties: Object.fromEntries(keys.map((key) => [key, { not: { type: 'null' } }])),
});
