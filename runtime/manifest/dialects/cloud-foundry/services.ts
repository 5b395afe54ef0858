/** `services:` is a list of names of instances that exist, or of mappings with such a name. */
import type { Json } from '../../../../services/kit/json.ts';
import { serviceName } from '../../../kernel/names.ts';
import { spanOf } from '../../source.ts';
import { toJson } from '../../to-json.ts';
import type { Node, ScalarNode } from '../../tree.ts';
import type { ServiceRequest } from '../../types.ts';
import { field, fieldScalar, fieldText } from './reader.ts';
import { canonicalText, readScalar } from './scalars.ts';

export function decodeServices(services: Node | undefined): readonly ServiceRequest[] {
  if (services?.kind !== 'list') return [];
  return services.items.flatMap((item): ServiceRequest[] => {
    const name = item.kind === 'scalar' ? item : fieldScalar(item, 'name');
    if (!name) return [];
    const bindingName = fieldText(item, 'binding_name');
    const parameters = field(item, 'parameters');
    return [
      {
        name: serviceName(canonicalText(readScalar(name))),
        tags: [],
        ...(bindingName === undefined ? {} : { bindingName }),
        ...(parameters ? { parameters: toJson(parameters, scalarJson) } : {}),
        span: spanOf(name.place),
      },
    ];
  });
}

/** A scalar with its type, as JSON can hold it. */
export function scalarJson(node: ScalarNode): Json {
  const value = readScalar(node);
  switch (value.type) {
    case 'string':
    case 'boolean':
      return value.value;
    case 'null':
      return null;
    case 'integer':
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : value.value.toString();
    case 'float':
      return Number.isFinite(value.value) ? value.value : canonicalText(value);
    case 'timestamp':
      return value.text;
  }
}
