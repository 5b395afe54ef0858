/** Services an app seems to want, by the client libraries it names. */
import type { AppSource } from '../staging/types.ts';

export interface ServiceHint {
  readonly type: string;
  /** Proposed end of the service's name. */
  readonly suffix: string;
  /** Variable in which the app finds it. */
  readonly variable: string;
  /** `requirements.txt names pymemcache`; empty for none. */
  readonly seen: string;
}

const CLIENTS: readonly (Omit<ServiceHint, 'seen'> & { readonly libraries: readonly string[] })[] = [
  {
    type: 'memcached',
    suffix: 'cache',
    variable: 'MEMCACHE_URL',
    libraries: [
      'memjs',
      'memcached',
      'memcache-client',
      'pymemcache',
      'python-memcached',
      'pylibmc',
      'dalli',
    ],
  },
  {
    type: 'redis',
    suffix: 'redis',
    variable: 'REDIS_URL',
    libraries: ['redis', 'ioredis', 'django-redis', 'bullmq'],
  },
  {
    type: 'postgresql',
    suffix: 'db',
    variable: 'DATABASE_URL',
    libraries: ['pg', 'postgres', 'psycopg', 'psycopg2', 'psycopg2-binary', 'asyncpg'],
  },
  {
    type: 'mysql',
    suffix: 'db',
    variable: 'DATABASE_URL',
    libraries: ['mysql', 'mysql2', 'mysqlclient', 'pymysql', 'mysql-python'],
  },
  {
    type: 'mongodb',
    suffix: 'mongo',
    variable: 'MONGODB_URL',
    libraries: ['mongodb', 'mongoose', 'pymongo', 'mongoengine'],
  },
  {
    type: 'rabbitmq',
    suffix: 'queue',
    variable: 'RABBITMQ_URL',
    libraries: ['amqplib', 'pika', 'kombu', 'bunny'],
  },
];

/** Files that name libraries, and how each writes one. */
const FILES: readonly { readonly file: string; readonly names: (text: string) => readonly string[] }[] = [
  { file: 'package.json', names: (text) => matches(text, /"((?:@[\w.-]+\/)?[\w.-]+)"\s*:\s*"[^"]*"/g) },
  { file: 'requirements.txt', names: (text) => matches(text, /^\s*([A-Za-z0-9][\w.-]*)/gm) },
  {
    file: 'pyproject.toml',
    names: (text) => matches(text, /["']([A-Za-z0-9][\w.-]*)[^"'\n]*["']|^([A-Za-z0-9][\w.-]*)\s*=/gm),
  },
  { file: 'Gemfile', names: (text) => matches(text, /^\s*gem\s+["']([\w.-]+)["']/gm) },
];

export function findServices(source: AppSource): readonly ServiceHint[] {
  const named = FILES.flatMap(({ file, names }) =>
    names(source.readText(file) ?? '').map((name): [string, string] => [name.toLowerCase(), file]),
  );
  const suffixes = new Set<string>();
  return CLIENTS.flatMap(({ libraries, ...hint }): ServiceHint[] => {
    const found = named.find(([name]) => libraries.includes(name));
    // Two databases would get one name; the first library decides.
    if (!found || suffixes.has(hint.suffix)) return [];
    suffixes.add(hint.suffix);
    return [{ ...hint, seen: `${found[1]} names ${found[0]}` }];
  });
}

const matches = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
