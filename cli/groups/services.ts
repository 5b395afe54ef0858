import type { CacheOptions } from '../commands/cache.ts';
import type { DeleteServiceOptions } from '../commands/delete-service.ts';
import type { MarketplaceOptions } from '../commands/marketplace.ts';
import type { RestoreServiceOptions } from '../commands/service-snapshots.ts';
import type { KatoOptions } from '../commands/kato.ts';
import type { CommonOptions } from '../context.ts';
import type {
  CreateServiceOptions,
  UpdateServiceOptions,
  UserProvidedOptions,
} from '../commands/service-changes.ts';
import { count, type Group } from '../define.ts';

/** Of `service`. */
interface ServiceOptions extends CommonOptions {
  readonly connect?: boolean;
}

export const services: Group = {
  title: 'Services:',
  declare(define) {
    define('services', 'List the service instances of the space', async (context) =>
      (await import('../commands/service.ts')).services(context),
    ).alias('s');

    define<ServiceOptions>(
      'service <name>',
      'Show a service instance: address, credentials, figures, content',
      async (context, [name], options) =>
        options.connect
          ? (await import('../commands/service-client.ts')).runClient(context, name!, 'client')
          : (await import('../commands/service.ts')).service(context, name!),
    ).option('--connect', "open the engine's own client on it (psql, redis-cli …)");

    define('dbshell [words...]', '[app] [service]: open the client of a database', async (context, words) =>
      (await import('../commands/service-client.ts')).dbshell(context, words),
    );

    define(
      'dbexport [words...]',
      '[app] [service]: write a database as statements to standard output',
      async (context, words) => (await import('../commands/service-client.ts')).dbexport(context, words),
    );

    define<DeleteServiceOptions>(
      'delete-service <names...>',
      'End service instances and remove their data for good',
      async (context, names, options) =>
        (await import('../commands/delete-service.ts')).deleteService(context, names, options),
    )
      .alias('ds')
      .option('-f, --force', 'do not ask');

    define<DeleteServiceOptions>(
      'reset-service <names...>',
      'Empty service instances; apps stay connected',
      async (context, names, options) =>
        (await import('../commands/delete-service.ts')).resetService(context, names, options),
    ).option('-f, --force', 'do not ask');

    define(
      'snapshot-service <service> [snapshot]',
      'Keep what a service instance holds now, until it is stopped',
      async (context, args) =>
        (await import('../commands/service-snapshots.ts')).snapshotService(context, args),
    );

    define<RestoreServiceOptions>(
      'restore-service <service> [snapshot]',
      'Put back what a service instance held; apps stay connected',
      async (context, args, options) =>
        (await import('../commands/service-snapshots.ts')).restoreService(context, args, options),
    ).option('-f, --force', 'do not ask');

    define(
      'delete-snapshot <service> [snapshot]',
      'Forget what a service instance held',
      async (context, args) =>
        (await import('../commands/service-snapshots.ts')).deleteSnapshot(context, args),
    );

    define<MarketplaceOptions>('marketplace', 'List the service types', async (context, _, options) =>
      (await import('../commands/marketplace.ts')).marketplace(context, options),
    )
      .option('-e, --offering <type>', 'the plans of this type')
      .alias('m')
      .alias('service-plans');

    define<CreateServiceOptions>(
      'create-service <type-plan-and-name...>',
      'Create a service: TYPE PLAN NAME, or TYPE [NAME [APP]]',
      async (context, args, options) =>
        (await import('../commands/service-changes.ts')).createService(context, args, options),
    )
      .alias('cs')
      .option('-c, --parameters <json>', 'its options, as JSON or a file of it')
      .option('-t, --tags <list>', 'tags, separated by commas');

    define(
      'bind-service <app-and-service...>',
      'Bind an app to a service: [APP] SERVICE',
      async (context, args) =>
        (await import('../commands/service-changes.ts')).bind(context, 'bind-service', args),
    ).alias('bs');

    define(
      'unbind-service <app-and-service...>',
      'Unbind an app from a service: [APP] SERVICE',
      async (context, args) =>
        (await import('../commands/service-changes.ts')).bind(context, 'unbind-service', args),
    ).alias('us');

    define<UpdateServiceOptions>(
      'update-service <name>',
      'Give a service other options or tags',
      async (context, [name], options) =>
        (await import('../commands/service-changes.ts')).updateService(context, name!, options),
    )
      .option('-c, --parameters <json>', 'its options, as JSON or a file of it')
      .option('-t, --tags <list>', 'tags, separated by commas')
      .option('-p, --plan <plan>', 'as cf has it: there is one, free');

    define(
      'clone-services <from-app> <to-app>',
      'Bind an app to all that another one is bound to',
      async (context, [from, to]) =>
        (await import('../commands/service-changes.ts')).cloneServices(context, from!, to!),
    );

    define('rename-service <name> <new-name>', 'Rename a service', async (context, [from, to]) =>
      (await import('../commands/service-changes.ts')).renameService(context, from!, to!),
    );

    define<UserProvidedOptions>(
      'create-user-provided-service <name>',
      'Create a service that runs elsewhere from its credentials',
      async (context, [name], options) =>
        (await import('../commands/service-changes.ts')).userProvided(context, 'create', name!, options),
    )
      .alias('cups')
      .option('-p, --credentials <json>', 'what bound apps are told, as JSON or a file of it')
      .option('-l, --syslog-drain <url>', 'where log lines of bound apps go')
      .option('-t, --tags <list>', 'tags, separated by commas');

    define<UserProvidedOptions>(
      'update-user-provided-service <name>',
      'Change the credentials of such a service',
      async (context, [name], options) =>
        (await import('../commands/service-changes.ts')).userProvided(context, 'update', name!, options),
    )
      .alias('uups')
      .option('-p, --credentials <json>', 'what bound apps are told, as JSON or a file of it')
      .option('-l, --syslog-drain <url>', 'where log lines of bound apps go')
      .option('-t, --tags <list>', 'tags, separated by commas');

    define<CacheOptions>(
      'cache <name> <action> [words...]',
      'Look into a memcached service: keys, get, set, delete, flush, watch, stats',
      async (context, args, options) => (await import('../commands/cache.ts')).cache(context, args, options),
    )
      .option('--ttl <seconds>', 'with set: how long the value stays (default: for ever)', count)
      .option('--flags <number>', "with set: the client's flags (default: 0)", count);

    define<KatoOptions>(
      'kato <words...>',
      'Configure and restart the node of the caches: config get|set|del, restart, status',
      async (context, args, options) => (await import('../commands/kato.ts')).kato(context, args, options),
    )
      .option('-j', 'the same as --json, indented')
      .option('-f', 'with get: --flat; with set: --force')
      .option('--flat', 'print a line for each value: its path and itself')
      .option('--force', 'replace a value of another type');
  },
};
