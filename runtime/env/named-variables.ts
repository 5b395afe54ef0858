/** `STACKATO_FILESYSTEM_<NAME>`, `STACKATO_HARBOR_<NAME>` and their short forms (spec stackato 2.4). Pure. */
import type { BoundService, EnvVariable } from './types.ts';
import { mountFolder, type EnvPlace } from './vcap.ts';

const FILESYSTEM = 'STACKATO_FILESYSTEM';

/** One per service always, by its name; the short form if and only if there is exactly one of that type. */
export function namedVariables(
  { dialect, folders }: EnvPlace,
  services: readonly BoundService[],
): readonly EnvVariable[] {
  if (dialect !== 'stackato') return [];
  return services.flatMap(({ name, type, binding }): EnvVariable[] => {
    const named = binding.volume
      ? { variable: FILESYSTEM, value: mountFolder(folders.root, name) }
      : binding.named;
    if (!named) return [];
    const origin = `service ${name}`;
    const upperCase = name.toUpperCase().replaceAll('-', '_');
    const long = { name: `${named.variable}_${upperCase}`, value: named.value, origin };
    const alone = services.filter((other) => other.type === type).length === 1;
    return alone ? [long, { name: named.variable, value: named.value, origin }] : [long];
  });
}
