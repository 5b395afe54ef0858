import type { CacheOptions } from '../commands/cache.ts';
import type { KatoOptions } from '../commands/kato.ts';
import { count, type Group } from '../define.ts';

export const services: Group = {
  title: 'Services:',
  declare(define) {
    define('services', 'List the service instances of the space', async (context) =>
      (await import('../commands/service.ts')).services(context),
    ).alias('s');

    define(
      'service <name>',
      'Show a service instance: address, credentials, figures',
      async (context, [name]) => (await import('../commands/service.ts')).service(context, name!),
    );

    define<CacheOptions>(
      'cache <name> <action> [words...]',
      'Look into a memcached service: keys, get, set, delete, flush, watch, stats',
      async (context, args, options) => (await import('../commands/cache.ts')).cache(context, args, options),
    )
      .option('--ttl <seconds>', 'with set: how long the value stays (default: for ever)', count)
      .option('--flags <number>', "with set: the client's flags (default: 0)", count);

    define<KatoOptions>(
      'kato <words...>',
      'Configure and restart the node of the caches: config get|set|del, restart',
      async (context, args, options) => (await import('../commands/kato.ts')).kato(context, args, options),
    )
      .option('-j', 'the same as --json, indented')
      .option('-f', 'with get: --flat; with set: --force')
      .option('--flat', 'print a line for each value: its path and itself')
      .option('--force', 'replace a value of another type');
  },
};
