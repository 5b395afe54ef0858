/** `requirements:` → what to install and what to report. */
import { get, texts, type Node } from '../../tree.ts';
import type { Requirements } from '../../types.ts';

const SYSTEM_MANAGERS = ['ubuntu', 'redhat', 'unix'] as const;

export function decodeRequirements(requirements: Node | undefined): Requirements {
  const of = (key: string) => texts(get(requirements, key));
  const system: Requirements['system'][number][] = [];
  const seen = new Set<string>();
  for (const phase of [requirements, get(requirements, 'staging'), get(requirements, 'running')]) {
    for (const manager of SYSTEM_MANAGERS) {
      for (const name of flatTexts(get(phase, manager))) {
        if (seen.has(`${manager} ${name}`)) continue;
        seen.add(`${manager} ${name}`);
        system.push({ manager, name });
      }
    }
  }
  return { pip: [...of('pypm'), ...of('pip')], cpan: of('cpan'), ppm: of('ppm'), system };
}

/** A list inside the list names a package repository: `["ppa:owner/name"]`. */
function flatTexts(node: Node | undefined): readonly string[] {
  if (node?.kind !== 'list') return texts(node);
  return node.items.flatMap(texts);
}
