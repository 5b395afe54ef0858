/** Which `X_URL` variables exist: the counting rules of both platforms. Pure. */
import type { BoundService, EnvVariable, InstanceFacts } from './types.ts';

export function urlVariables(
  dialect: InstanceFacts['dialect'],
  services: readonly BoundService[],
): readonly EnvVariable[] {
  return [...perType(services), ...databaseUrl(dialect, services)];
}

/** Spec stackato 2.4: set if and only if exactly one service of that type is bound; no suffixes, no lists. */
function perType(services: readonly BoundService[]): EnvVariable[] {
  const single = (wanted: string): boolean => services.filter(({ type }) => type === wanted).length === 1;
  return services.flatMap(({ name, type, binding: { url } }) => {
    if (!url || !single(type)) return [];
    // Two generations of one broker share a variable, which the first has where it can.
    if (type === 'rabbitmq3' && single('rabbitmq')) return [];
    return [url.variable, ...url.aliases].map((variable) => ({
      name: variable,
      value: url.value,
      origin: `service ${name}`,
    }));
  });
}

/**
 * Stackato: the one relational service's URL, if there is exactly one in all.
 * Cloud Foundry (spec cloudfoundry 2.4): the first binding whose `uri` is of a relational kind, scheme rewritten.
 */
function databaseUrl(dialect: InstanceFacts['dialect'], services: readonly BoundService[]): EnvVariable[] {
  if (dialect === 'stackato') {
    const relational = services.filter(({ binding }) => binding.relational);
    const [only] = relational;
    if (relational.length !== 1 || !only?.binding.url) return [];
    return [{ name: 'DATABASE_URL', value: only.binding.url.value, origin: `service ${only.name}` }];
  }
  for (const { name, binding } of services) {
    const { uri } = binding.credentials;
    const match = typeof uri === 'string' ? /^(mysql2?|postgres(?:ql)?):/.exec(uri) : null;
    if (!match || typeof uri !== 'string') continue;
    const scheme = match[1]!.startsWith('mysql') ? 'mysql2' : 'postgres';
    return [{ name: 'DATABASE_URL', value: scheme + uri.slice(match[1]!.length), origin: `service ${name}` }];
  }
  return [];
}
