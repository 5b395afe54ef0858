/** `env:` → literal texts, as the platform renders them. */
import { placeInFlag, spanOf } from '../../source.ts';
import { emptyRecord } from '../../to-json.ts';
import type { Entry, Node } from '../../tree.ts';
import type { EnvRequest } from '../../types.ts';
import type { DecodeContext } from './context.ts';
import { environmentText, readScalar } from './scalars.ts';

export function decodeEnv(
  env: Node | undefined,
  context: DecodeContext,
): Readonly<Record<string, EnvRequest>> {
  const result = emptyRecord<EnvRequest>();
  if (env?.kind === 'map') {
    for (const entry of env.entries) {
      const name = nameOf(entry, context);
      const value = name === undefined ? undefined : textOf(entry, context);
      if (name === undefined || value === undefined) continue;
      result[name] = { value, hidden: false, span: spanOf(entry.key.place), origin: 'manifest' };
    }
  }
  addOverrides(result, context);
  return result;
}

/** Keys are typed like values: `N: 1` sets a variable called "false". */
function nameOf({ key }: Entry, { problems, owner }: DecodeContext): string | undefined {
  const typed = readScalar(key);
  const name = typed.type === 'timestamp' ? key.text : environmentText(typed);
  const refusal = refusalOf(name);
  if (refusal !== undefined) {
    problems.error('MANIFEST_ENV', key.place, `${owner}: ${refusal}`, {
      hint: name === 'PORT' ? PORT_HINT : undefined,
    });
    return undefined;
  }
  if (name !== key.text) {
    problems.warning(
      'MANIFEST_ENV',
      key.place,
      `${owner}: "${key.text}" is no text in YAML 1.1: the variable is called "${name}"`,
      {
        hint: `Put the name in quotes: "${key.text}"`,
      },
    );
  }
  return name;
}

const PORT_HINT = 'The platform chooses the port and tells the app in PORT';

function refusalOf(name: string): string | undefined {
  if (name === 'PORT') return 'Env cannot set PORT';
  if (/^vcap_/i.test(name)) return `Env cannot start with VCAP_: "${name}" is set by the platform`;
  if (/^vmc/i.test(name)) return `Env cannot start with VMC: "${name}" is reserved`;
  if (name === '' || name.includes('=')) return `"${name}" cannot be the name of an environment variable`;
  return undefined;
}

function textOf({ key, value }: Entry, { problems, owner }: DecodeContext): string | undefined {
  if (value.kind !== 'scalar') {
    problems.warning(
      'MANIFEST_ENV',
      key.place,
      `${owner}: The variable "${key.text}" is ${value.kind === 'list' ? 'a list' : 'a mapping'}; the app gets it as Ruby prints it`,
      {
        hint: 'To hand JSON to the app, put it in quotes',
      },
    );
    return rubyText(value);
  }
  const scalar = readScalar(value);
  if (scalar.type === 'timestamp') {
    problems.error(
      'MANIFEST_ENV',
      value.place,
      `${owner}: The variable "${key.text}" is a date, which the platform refuses`,
      {
        hint: `Put it in quotes: ${key.text}: "${value.text}"`,
      },
    );
    return undefined;
  }
  return environmentText(scalar);
}

/** As Ruby's `to_s` shows lists and hashes. */
function rubyText(node: Node): string {
  switch (node.kind) {
    case 'list':
      return `[${node.items.map(rubyText).join(', ')}]`;
    case 'map':
      return `{${node.entries.map(({ key, value }) => `${JSON.stringify(key.text)}=>${rubyText(value)}`).join(', ')}}`;
    case 'scalar': {
      const value = readScalar(node);
      if (value.type === 'string' || value.type === 'timestamp') return JSON.stringify(node.text);
      return value.type === 'null' ? 'nil' : environmentText(value);
    }
  }
}

function addOverrides(result: Record<string, EnvRequest>, { problems, options }: DecodeContext): void {
  for (const assignment of options.envOverrides ?? []) {
    const place = placeInFlag('--env', assignment);
    const equals = assignment.indexOf('=');
    const name = assignment.slice(0, Math.max(0, equals));
    const refusal = equals < 1 ? `Cannot read --env "${assignment}"` : refusalOf(name);
    if (refusal === undefined) {
      result[name] = {
        value: assignment.slice(equals + 1),
        hidden: false,
        span: spanOf(place),
        origin: '--env',
      };
    } else {
      const hint =
        equals < 1 ? 'Write --env NAME=VALUE' : name === 'PORT' ? PORT_HINT : 'Choose another name';
      problems.error('MANIFEST_ENV', place, refusal, { hint });
    }
  }
}
