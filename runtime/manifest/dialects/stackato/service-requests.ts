/** `services:` in normal form → requests. */
import { suggest } from '../../../kernel/suggest.ts';
import { serviceName } from '../../../kernel/names.ts';
import type { Json } from '../../../../services/kit/json.ts';
import { spanOf } from '../../source.ts';
import { get, texts, type Entry, type Node, type ScalarNode } from '../../tree.ts';
import type { ServiceRequest } from '../../types.ts';
import type { DecodeContext } from './context.ts';
import { isNullWord } from './reader.ts';
import { toJson } from '../../to-json.ts';

const USER_PROVIDED = 'user-provided';

export function decodeServices(
  services: Node | undefined,
  context: DecodeContext,
): readonly ServiceRequest[] {
  if (services?.kind !== 'map') return [];
  return services.entries.map((entry) => decodeService(entry, context));
}

function decodeService({ key, value }: Entry, context: DecodeContext): ServiceRequest {
  const written = (name: string): ScalarNode | undefined => {
    const node = get(value, name);
    return node?.kind === 'scalar' && !isNullWord(node.text) ? node : undefined;
  };
  const type = written('label') ?? written('type') ?? written('vendor');
  const plan = written('plan');
  const version = written('version');
  const parameters = get(value, 'parameters');
  const credentials = get(value, 'credentials');
  if (type) checkType(key, type, context);
  if (type?.text === USER_PROVIDED && credentials?.kind !== 'map') {
    context.problems.error(
      'MANIFEST_SERVICE',
      type.place,
      `Service "${key.text}" is user-provided and has no credentials`,
      {
        hint: 'Write for example: credentials: {host: db.example.com}',
      },
    );
  }
  return {
    name: serviceName(key.text),
    ...(type ? { type: type.text, typeSpan: spanOf(type.place) } : {}),
    ...(plan ? { plan: plan.text } : {}),
    ...(version ? { version: version.text } : {}),
    tags: texts(get(value, 'tags')),
    ...(parameters ? { parameters: toJson(parameters, (node) => node.text) } : {}),
    ...(credentials?.kind === 'map'
      ? { credentials: toJson(credentials, (node) => node.text) as Readonly<Record<string, Json>> }
      : {}),
    span: spanOf(key.place),
  };
}

function checkType(name: ScalarNode, type: ScalarNode, { problems, types }: DecodeContext): void {
  if (!types.complete || type.unresolved || types.names.has(type.text)) return;
  const near = suggest(type.text, types.names);
  problems.error(
    'MANIFEST_SERVICE',
    type.place,
    `Service "${name.text}": "${type.text}" is not a service type`,
    {
      hint: `${near === undefined ? '' : `Did you mean "${near}"? `}Known types: ${[...types.names].join(', ')}`,
    },
  );
}
