/** Just enough of JSON Schema (draft-07) to judge a document by the schemas we write. Returns what does not fit. */
type Schema = { readonly [keyword: string]: unknown };

export function violations(value: unknown, schema: Schema, root: Schema = schema, at = ''): string[] {
  const found: string[] = [];
  const inner = (child: unknown, childSchema: unknown, where: string): string[] =>
    childSchema === true
      ? []
      : childSchema === false
        ? [`${where}: not allowed`]
        : violations(child, childSchema as Schema, root, where);
  if (typeof schema.$ref === 'string') {
    const definitions = root.definitions as Record<string, Schema>;
    return inner(value, definitions[schema.$ref.replace('#/definitions/', '')], at);
  }
  if (schema.type !== undefined && !typesOf(schema.type).some((type) => isOf(value, type))) {
    found.push(`${at}: is not ${JSON.stringify(schema.type)}`);
  }
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) found.push(`${at}: none of the values`);
  if (typeof value === 'string') {
    if (typeof schema.pattern === 'string' && !new RegExp(schema.pattern, 'u').test(value))
      found.push(`${at}: ${schema.pattern}`);
    if (typeof schema.maxLength === 'number' && value.length > schema.maxLength)
      found.push(`${at}: too long`);
  }
  if (typeof value === 'number') {
    if (typeof schema.minimum === 'number' && value < schema.minimum) found.push(`${at}: too small`);
    if (typeof schema.maximum === 'number' && value > schema.maximum) found.push(`${at}: too large`);
  }
  if (Array.isArray(schema.anyOf) && !schema.anyOf.some((one) => inner(value, one, at).length === 0)) {
    found.push(`${at}: fits none (${schema.anyOf.flatMap((one) => inner(value, one, at)).join('; ')})`);
  }
  if (schema.not !== undefined && inner(value, schema.not, at).length === 0) found.push(`${at}: must not`);
  if (schema.if !== undefined && inner(value, schema.if, at).length === 0)
    found.push(...inner(value, schema.then, at));
  if (Array.isArray(value) && typeof schema.minItems === 'number' && value.length < schema.minItems)
    found.push(`${at}: too few`);
  if (Array.isArray(schema.allOf)) found.push(...schema.allOf.flatMap((one) => inner(value, one, at)));
  if (Array.isArray(value) && schema.items !== undefined) {
    found.push(...value.flatMap((item, index) => inner(item, schema.items, `${at}/${index}`)));
  }
  if (isOf(value, 'object'))
    found.push(...objectViolations(value as Record<string, unknown>, schema, inner, at));
  return found;
}

/** One type, or a list of them. */
const typesOf = (type: unknown): readonly string[] =>
  typeof type === 'string' ? [type] : (type as readonly string[]);

function objectViolations(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  inner: (child: unknown, schema: unknown, at: string) => string[],
  at: string,
): string[] {
  const properties = (schema.properties ?? {}) as Record<string, unknown>;
  const required = (schema.required ?? []) as readonly string[];
  return [
    ...(schema.propertyNames === undefined
      ? []
      : Object.keys(value).flatMap((key) => inner(key, schema.propertyNames, `${at}/${key}`))),
    ...required.filter((key) => !Object.hasOwn(value, key)).map((key) => `${at}: misses ${key}`),
    ...Object.entries(value).flatMap(([key, child]) =>
      inner(
        child,
        Object.hasOwn(properties, key) ? properties[key] : (schema.additionalProperties ?? true),
        `${at}/${key}`,
      ),
    ),
  ];
}

function isOf(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
