import type { Binding, Dialect } from './contract.ts';

/**
 * What a binding says of the offering behind it: Stackato names the version in label and tags, Cloud Foundry does not.
 * @param kinds the tags that stand behind the type's own name
 */
export function offering(
  dialect: Dialect,
  type: string,
  version: string,
  kinds: { readonly [D in Dialect]: readonly string[] } | readonly string[],
): Pick<Binding, 'label' | 'plan' | 'tags'> & { readonly plan: string } {
  const more = 'stackato' in kinds ? kinds[dialect] : kinds;
  if (dialect === 'cloud-foundry') return { label: type, plan: 'free', tags: [type, ...more] };
  const label = `${type}-${version}`;
  return { label, plan: 'free', tags: [type, label, ...more] };
}
