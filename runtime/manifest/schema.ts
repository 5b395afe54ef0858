/**
 * A JSON Schema (draft-07, which editors know best) for manifests of a dialect, made from its key tables. Editors type
 * plain scalars as JSON does, so wherever a dialect takes text, numbers and booleans are allowed too.
 */
import type { Json } from '../../services/kit/json.ts';
import {
  APP as CLOUD_FOUNDRY_APP,
  FILE as CLOUD_FOUNDRY_FILE,
  INERT_APP_KEYS,
  INERT_TOP_KEYS,
} from './dialects/cloud-foundry/keys.ts';
import { FILE as STACKATO_FILE } from './dialects/stackato/keys.ts';
import { keyRules, recordRules } from './schema-rules.ts';
import { emptyRecord } from './to-json.ts';
import type { KeyRule, RecordShape, Shape } from './shape.ts';
import type { Dialect } from './types.ts';

type Schema = { [keyword: string]: Json };

export interface SchemaOptions {
  /** Refuses keys that are only warned about: what an editor should underline. */
  readonly strict?: boolean;
}

export function manifestSchema(dialect: Dialect, { strict = false }: SchemaOptions = {}): Json {
  const writer = new Writer(dialect, strict);
  const root = dialect === 'stackato' ? writer.record(STACKATO_FILE) : writer.record(CLOUD_FOUNDRY_FILE);
  if (dialect === 'cloud-foundry') {
    const properties = root.properties as Schema;
    const { description } = properties.applications as Schema;
    properties.applications = { description: description ?? '', ...writer.applications() };
    // Other keys at the top hold anchors.
    root.additionalProperties = true;
    root.required = ['applications'];
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: dialect === 'stackato' ? 'Stackato manifest' : 'Cloud Foundry manifest',
    ...root,
    definitions: writer.definitions,
  };
}

const YES_AND_NO = [
  'y',
  'Y',
  'yes',
  'Yes',
  'YES',
  'true',
  'True',
  'TRUE',
  'on',
  'On',
  'ON',
  'n',
  'N',
  'no',
  'No',
  'NO',
  'false',
  'False',
  'FALSE',
  'off',
  'Off',
  'OFF',
];

class Writer {
  readonly definitions: Schema = emptyRecord<Json>();
  readonly #dialect: Dialect;
  readonly #strict: boolean;

  constructor(dialect: Dialect, strict: boolean) {
    this.#dialect = dialect;
    this.#strict = strict;
    // A value may be a symbol or a variable, whatever it should be once that is replaced.
    this.definitions.placeholder =
      dialect === 'stackato'
        ? { type: 'string', pattern: '\\$\\{[^}]*\\}' }
        : { type: 'string', pattern: '\\(\\([^)]+\\)\\)' };
    if (dialect === 'cloud-foundry')
      this.definitions.variable = { type: 'string', pattern: '^\\(\\([^()\\s]+\\)\\)$' };
  }

  /** At least one, and each of them something. */
  applications(): Schema {
    const app = { type: 'object', allOf: [this.#named(CLOUD_FOUNDRY_APP)] };
    return this.#orVariable({ type: 'array', minItems: 1, items: this.#orVariable(app) });
  }

  shape(shape: Shape): Schema {
    switch (shape.kind) {
      case 'anything':
        return {};
      case 'record':
        return this.#orVariable(this.#named(shape));
      case 'list':
        return this.#orVariable({ type: ['array', 'null'], items: this.shape(shape.of) });
      case 'one-or-list': {
        const one = this.shape(shape.of);
        return { anyOf: [one, { type: 'array', items: one }] };
      }
      case 'map':
        return this.#orVariable({
          type: ['object', 'null'],
          additionalProperties: this.shape(shape.of),
          ...(shape.keys ? { propertyNames: { pattern: shape.keys.pattern } } : {}),
        });
      case 'either':
        return {
          anyOf: [shape.scalar, shape.list, shape.map].flatMap((one): Json[] =>
            one ? [this.shape(one)] : [],
          ),
        };
      default:
        return { anyOf: [...this.#scalar(shape), { $ref: '#/definitions/placeholder' }, { type: 'null' }] };
    }
  }

  record(shape: RecordShape): Schema {
    const properties: Schema = emptyRecord<Json>();
    const required: string[] = [];
    for (const [key, rule] of shape.keys) {
      const written = { ...this.#rule(rule, shape), ...keyRules(key, shape) };
      for (const spelling of this.#spellings(key)) properties[spelling] = written;
      if (rule.required && this.#spellings(key).length === 1) required.push(key);
    }
    if (this.#dialect === 'cloud-foundry' && shape === CLOUD_FOUNDRY_FILE) allow(properties, INERT_TOP_KEYS);
    if (shape === CLOUD_FOUNDRY_APP) allow(properties, INERT_APP_KEYS);
    return {
      type: ['object', 'null'],
      properties,
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: !(this.#strict || shape.unknown === 'refuse'),
      ...recordRules(shape),
    };
  }

  /** A variable may stand for a list or a mapping as a whole; a symbol of Stackato is always text. */
  #orVariable(schema: Schema): Schema {
    return this.#dialect === 'stackato' ? schema : { anyOf: [schema, { $ref: '#/definitions/variable' }] };
  }

  #named(shape: RecordShape): Schema {
    const name = shape.name.replace(/^(?:an?|the) /, '').replaceAll(/[^a-zA-Z]+/g, '-');
    if (!Object.hasOwn(this.definitions, name)) {
      this.definitions[name] = {};
      this.definitions[name] = this.record(shape);
    }
    return { $ref: `#/definitions/${name}` };
  }

  #rule(rule: KeyRule, shape: RecordShape): Schema {
    const meant = rule.aliasOf === undefined ? rule : (shape.keys.get(rule.aliasOf) ?? rule);
    const written = this.shape(meant.shape);
    const description = `${rule.summary}\nHere: ${rule.verdict} (${rule.why}).`;
    // Beside $ref, draft-07 ignores every other keyword.
    return '$ref' in written ? { description, allOf: [written] } : { description, ...written };
  }

  /** Cloud Foundry's API takes dashes and underscores alike. */
  #spellings(key: string): readonly string[] {
    if (this.#dialect === 'stackato') return [key];
    return [...new Set([key, key.replaceAll('-', '_'), key.replaceAll('_', '-')])];
  }

  #scalar(
    shape: Extract<Shape, { kind: 'text' | 'integer' | 'number' | 'boolean' | 'size' }>,
  ): readonly Schema[] {
    const failsafe = this.#dialect === 'stackato';
    switch (shape.kind) {
      case 'text':
        if (shape.choices) return [{ enum: [...shape.choices] }];
        return [
          {
            type: failsafe || shape.coerce ? ['string', 'number', 'boolean'] : 'string',
            ...(shape.pattern === undefined ? {} : { pattern: shape.pattern }),
            ...(shape.maxLength === undefined ? {} : { maxLength: shape.maxLength }),
          },
        ];
      case 'integer':
      case 'number': {
        const bounds = {
          ...(shape.min === undefined ? {} : { minimum: shape.min }),
          ...(shape.max === undefined ? {} : { maximum: shape.max }),
        };
        const typed = { type: shape.kind, ...bounds };
        return failsafe
          ? [typed, { type: 'string', pattern: '^\\s*[+-]?[0-9]+(?:\\.[0-9]+)?%?\\s*$' }]
          : [typed];
      }
      case 'boolean':
        // What an editor takes for text was quoted if it reads "true"; "yes" is a boolean only in YAML 1.1.
        return failsafe
          ? [{ type: 'boolean' }, { enum: YES_AND_NO }]
          : [{ type: 'boolean' }, { enum: YES_AND_NO.filter((word) => !/^(?:true|false)$/i.test(word)) }];
      case 'size':
        return failsafe
          ? [
              { type: 'integer', minimum: 0 },
              { type: 'string', pattern: '^(?:[0-9]+[mM]?|[0-9]+(?:\\.[0-9]+)?[gG])$' },
            ]
          : [
              { type: 'string', pattern: '^[0-9]+(?:\\.[0-9]+)?\\s*(?:[kKmMgGtT](?:[iI]?[bB])?|[bB])$' },
              ...(shape.of === 'log-rate' ? [{ enum: [0, -1, '0', '-1'] }] : []),
            ];
    }
  }
}

/** Old keys that do nothing, and say so where they are written. */
function allow(properties: Schema, inert: ReadonlyMap<string, string>): void {
  for (const [key, instead] of inert)
    properties[key] = { description: `Ignored by today's Cloud Foundry. ${instead}`, deprecated: true };
}
