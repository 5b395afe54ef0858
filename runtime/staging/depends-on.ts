/** Whether an app names a package among what it needs. Only reads. */
import type { ClientLanguage } from '../../services/kit/contract.ts';
import type { AppManifest } from '../manifest/types.ts';
import { readPackage } from './node/package-json.ts';
import { mentions, readRequirements } from './python/requirements.ts';
import type { AppSource } from './types.ts';

/** Looks at each language's files when that is asked about. */
export function dependenciesOf(
  source: AppSource,
  manifest: AppManifest,
): (language: ClientLanguage, name: string) => boolean {
  const python = once(() => readRequirements(source, manifest));
  const node = once(() => readPackage(source).value?.dependencies ?? {});
  const gems = once(() => gemsOf(source));
  return (language, name) => {
    switch (language) {
      case 'python':
        return mentions(python(), name);
      case 'node':
        return Object.hasOwn(node(), name);
      case 'ruby':
        return gems().has(name);
    }
  };
}

function gemsOf(source: AppSource): ReadonlySet<string> {
  const names = (source.readText('Gemfile') ?? '').matchAll(/^\s*gem\s*\(?\s*['"]([^'"]+)['"]/gm);
  return new Set([...names].map(([, name = '']) => name));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
