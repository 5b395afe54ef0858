import type { EnvOptions } from '../commands/env.ts';
import type { DeleteOptions, StopOptions } from '../commands/lifecycle.ts';
import type { LogsOptions } from '../commands/logs.ts';
import { count, type Group } from '../define.ts';

export const apps: Group = {
  title: 'Apps:',
  declare(define) {
    define('apps', 'List the apps of the space', async (context) =>
      (await import('../commands/apps.ts')).apps(context),
    ).alias('a');

    define('start [apps...]', 'Start stopped apps', async (context, args) =>
      (await import('../commands/lifecycle.ts')).start(context, args, 'start'),
    ).alias('st');

    define<StopOptions>(
      'stop [apps...]',
      'Stop apps, and the services nothing else needs',
      async (context, args, options) =>
        (await import('../commands/lifecycle.ts')).stop(context, args, options),
    )
      .alias('sp')
      .option('--all', 'stop everything in the space, and its host');

    define('restart [apps...]', 'Stop and start apps', async (context, args) =>
      (await import('../commands/lifecycle.ts')).start(context, args, 'restart'),
    ).alias('rs');

    define<DeleteOptions>(
      'delete [apps...]',
      'Stop and forget apps; their services are kept',
      async (context, args, options) =>
        (await import('../commands/lifecycle.ts')).remove(context, args, options),
    )
      .alias('d')
      .option('-f, --force', 'do not ask');

    define<LogsOptions>('logs [app]', 'Show the log of an app or service', async (context, [app], options) =>
      (await import('../commands/logs.ts')).logs(context, app, options),
    )
      .option('--recent', 'only the lines so far (the default)')
      .option('-f, --follow', 'go on with the lines to come')
      .option('--num <count>', 'how many lines', count);

    define<EnvOptions>('env [app]', 'Show the environment of an app', async (context, [app], options) =>
      (await import('../commands/env.ts')).env(context, app, options),
    )
      .alias('e')
      .option('--why', 'name the origin of each variable')
      .option('--process <type>', 'of this process type (default: web)');
  },
};
