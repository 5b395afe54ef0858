import type { AppOptions } from '../commands/app.ts';
import type { CreateAppManifestOptions } from '../commands/create-app-manifest.ts';
import type { DeleteOptions, StartOptions, StopOptions } from '../commands/lifecycle.ts';
import { strategy, type Group } from '../define.ts';

export const apps: Group = {
  title: 'Apps:',
  declare(define) {
    define('apps', 'List the apps of the space', async (context) =>
      (await import('../commands/apps.ts')).apps(context),
    )
      .alias('a')
      .alias('list');

    define<AppOptions>(
      'app [app]',
      'Show an app with its processes and instances',
      async (context, [app], options) => (await import('../commands/app.ts')).app(context, app, options),
    ).option('--guid', 'only its id');

    define('start [apps...]', 'Start stopped apps', async (context, args, options) =>
      (await import('../commands/lifecycle.ts')).start(context, args, 'start', options),
    ).alias('st');

    define<StopOptions>(
      'stop [apps...]',
      'Stop apps, and the services nothing else needs',
      async (context, args, options) =>
        (await import('../commands/lifecycle.ts')).stop(context, args, options),
    )
      .alias('sp')
      .option('--all', 'stop everything in the space, and its host');

    define<StartOptions>('restart [apps...]', 'Stop and start apps', async (context, args, options) =>
      (await import('../commands/lifecycle.ts')).start(context, args, 'restart', options),
    )
      .alias('rs')
      .addOption(strategy());

    define<StartOptions>(
      'restage [apps...]',
      'Stage apps anew and restart them',
      async (context, args, options) =>
        (await import('../commands/lifecycle.ts')).start(context, args, 'restage', options),
    )
      .alias('rg')
      .addOption(strategy());

    define<CreateAppManifestOptions>(
      'create-app-manifest [app]',
      'Write an app as it is run, as a manifest of Cloud Foundry',
      async (context, [app], options) =>
        (await import('../commands/create-app-manifest.ts')).createAppManifest(context, app, options),
    )
      .option('-p, --path <file>', 'the file (default: APP_manifest.yml here)')
      .option('-f, --force', 'replace it where there is one');

    define<DeleteOptions>(
      'delete [apps...]',
      'Stop and forget apps; their services are kept',
      async (context, args, options) =>
        (await import('../commands/lifecycle.ts')).remove(context, args, options),
    )
      .alias('d')
      .option('-f, --force', 'do not ask');
  },
};
