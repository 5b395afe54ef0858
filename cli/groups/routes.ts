import { Option } from 'commander';
import type { RouteOptions } from '../commands/routes.ts';
import { type Group } from '../define.ts';

export const routes: Group = {
  title: 'Routes:',
  declare(define) {
    define('routes', 'List the routes of the space', async (context) =>
      (await import('../commands/routes.ts')).routes(context),
    ).alias('r');

    define<RouteOptions>(
      'map-route <app-and-domain...>',
      'Add a route to an app: [APP] DOMAIN, or [APP] URL',
      async (context, args, options) =>
        (await import('../commands/routes.ts')).changeRoute(context, 'map-route', args, options),
    )
      .alias('map')
      .option('-n, --hostname <name>', 'the name in front of the domain')
      .option('--path <path>', 'only what begins with it');

    define<RouteOptions>(
      'unmap-route <app-and-domain...>',
      'Take a route from an app: [APP] DOMAIN, or [APP] URL',
      async (context, args, options) =>
        (await import('../commands/routes.ts')).changeRoute(context, 'unmap-route', args, options),
    )
      .alias('unmap')
      .option('-n, --hostname <name>', 'the name in front of the domain')
      .option('--path <path>', 'only what begins with it');

    define<RouteOptions>(
      'delete-route <domain>',
      'Take a route from every app that has it',
      async (context, [domain], options) =>
        (await import('../commands/routes.ts')).deleteRoute(context, domain!, options),
    )
      .option('-n, --hostname <name>', 'the name in front of the domain')
      .option('--path <path>', 'only what begins with it')
      .addOption(new Option('-f, --force', 'as cf has it; nothing is asked here').hideHelp());

    define<RouteOptions>(
      'check-route <domain>',
      'Say whether an app has a route',
      async (context, [domain], options) =>
        (await import('../commands/routes.ts')).checkRoute(context, domain!, options),
    )
      .option('-n, --hostname <name>', 'the name in front of the domain')
      .option('--path <path>', 'only what begins with it');

    define('open [app]', 'Open an app in the browser', async (context, [app]) =>
      (await import('../commands/routes.ts')).open(context, app),
    );
  },
};
