import type { ClientLanguage } from '../kit/contract.ts';

type Packages = Readonly<Record<ClientLanguage, readonly string[]>>;

/** Client libraries that speak the text protocol only, which knows no SASL. */
const TEXT_ONLY: Packages = {
  python: ['python-memcached', 'python3-memcached', 'pymemcache', 'aiomcache', 'pinterest-pymemcache'],
  node: ['memcached', 'memcache', 'memcache-plus', 'memcache-client'],
  ruby: ['memcache-client', 'memcached-text'],
};

/** Client libraries that can log in. */
const WITH_SASL: Packages = {
  python: ['pylibmc', 'python-binary-memcached', 'django-bmemcached', 'django-pylibmc', 'django-pylibmc-sasl', 'bmemcached'],
  node: ['memjs', 'mc'],
  ruby: ['dalli', 'memcached'],
}; // prettier-ignore

const LANGUAGES: readonly ClientLanguage[] = ['python', 'node', 'ruby'];

/** The client an app depends on that cannot log in, if it depends on none that can. */
export function textOnlyClient(
  dependsOn: (language: ClientLanguage, name: string) => boolean,
): string | undefined {
  const named = (packages: Packages): string | undefined =>
    LANGUAGES.flatMap((language) => packages[language].filter((name) => dependsOn(language, name)))[0];
  return named(WITH_SASL) === undefined ? named(TEXT_ONLY) : undefined;
}
