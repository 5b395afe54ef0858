/** `env:` in normal form → the app's own variables, in the order of the file, `--env` after them. */
import { FROM_SHELL } from '../../env-mode.ts';
import { placeInFlag, spanOf, type Place } from '../../source.ts';
import { emptyRecord } from '../../to-json.ts';
import { get, getText, texts, type Entry, type Node } from '../../tree.ts';
import type { EnvRequest } from '../../types.ts';
import type { DecodeContext } from './context.ts';
import { readBoolean } from './reader.ts';

export async function decodeEnv(
  env: Node | undefined,
  context: DecodeContext,
): Promise<Readonly<Record<string, EnvRequest>>> {
  const result = emptyRecord<EnvRequest>();
  const overrides = readOverrides(context);
  if (env?.kind === 'map') {
    for (const entry of env.entries) {
      const variable = await decodeVariable(entry, overrides.get(entry.key.text), context);
      if (variable) result[entry.key.text] = variable;
    }
  }
  for (const [name, { request }] of overrides) result[name] ??= request;
  return result;
}

async function decodeVariable(
  { key, value: node }: Entry,
  override: Override | undefined,
  context: DecodeContext,
): Promise<EnvRequest | undefined> {
  const { problems, options } = context;
  const name = key.text;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    // The original client takes any name; the shell that is to set it does not.
    const message = `The variable "${name}" is not set: the shell that starts the app takes no such name`;
    problems.warning('MANIFEST_ENV', key.place, message, {
      hint: 'Use letters, digits and "_", not beginning with a digit',
    });
    return undefined;
  }
  const is = (attribute: string): boolean => readBoolean(getText(node, attribute) ?? '') ?? false;
  const hidden = is('hidden');
  const choices = texts(get(node, 'choices'));
  const made = (value: string, origin: string): EnvRequest => ({
    value,
    hidden,
    span: spanOf(key.place),
    origin,
  });
  if (hidden && choices.length > 0) {
    problems.error('MANIFEST_ENV', key.place, `The variable "${name}" cannot be hidden and have choices`);
  }

  let found: EnvRequest | undefined;
  const fallback = get(node, 'default');
  if (fallback?.kind === 'scalar') found = made(fallback.text, 'manifest');
  const inherited = is('inherit') ? options.shellEnv?.[name] : undefined;
  if (inherited !== undefined) found = made(inherited, FROM_SHELL);
  if (override) found = { ...override.request, hidden };
  if (!fallback && !is('required') && !override) {
    problems.error('MANIFEST_ENV', key.place, `The variable "${name}" has no default and is not required`, {
      hint: 'Write "default: VALUE", or "required: yes" to be asked for it',
    });
    return undefined;
  }
  if (found === undefined || (found.value === '' && is('required'))) {
    const answer = await options.ask?.(`${getText(node, 'prompt') || `Enter ${name}`}: `, {
      file: context.file,
      key: `env ${context.app} ${name}`,
      hidden,
      required: true,
      choices,
    });
    if (answer === undefined || answer === '') {
      problems.error('MANIFEST_ENV', key.place, `The required variable "${name}" is not set`, {
        hint: `Give it a value: --env ${name}=VALUE${is('inherit') ? ', or set it in your shell' : ''}`,
      });
      return undefined;
    }
    found = made(answer, 'asked');
  }
  if (choices.length > 0 && !choices.includes(found.value)) {
    const written = found.origin === 'manifest' && fallback ? fallback.place : key.place;
    const place = override?.place ?? written;
    problems.error(
      'MANIFEST_ENV',
      place,
      `The variable "${name}" must be one of ${choices.join(', ')}, not "${found.value}"`,
    );
  }
  return found;
}

interface Override {
  readonly request: EnvRequest;
  readonly place: Place;
}

function readOverrides({ options, problems }: DecodeContext): ReadonlyMap<string, Override> {
  const overrides = new Map<string, Override>();
  for (const assignment of options.envOverrides ?? []) {
    const equals = assignment.indexOf('=');
    const place = placeInFlag('--env', assignment);
    const name = assignment.slice(0, Math.max(0, equals));
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      problems.error('MANIFEST_ENV', place, `Cannot read --env "${assignment}"`, {
        hint: 'Write --env NAME=VALUE',
      });
      continue;
    }
    const value = assignment.slice(equals + 1);
    overrides.set(name, { request: { value, hidden: false, span: spanOf(place), origin: '--env' }, place });
  }
  return overrides;
}
