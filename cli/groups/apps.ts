import { Option } from 'commander';
import type { AppOptions } from '../commands/app.ts';
import type { EventsOptions } from '../commands/events.ts';
import type { DeleteOptions, StartOptions, StopOptions } from '../commands/lifecycle.ts';
import type { LogsOptions } from '../commands/logs.ts';
import type { RestartInstanceOptions, ScaleOptions } from '../commands/scale.ts';
import { count, examples, strategy, type Group } from '../define.ts';

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

    define('stats [app]', 'Show what the instances of an app take', async (context, [app]) =>
      (await import('../commands/app.ts')).stats(context, app),
    );

    define<EventsOptions>(
      'events [app]',
      'Show what happened to an app, and why',
      async (context, [app], options) =>
        (await import('../commands/events.ts')).events(context, app, options),
    ).option('--num <count>', 'how many, the newest first (default: 50)', count);

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

    define<RestartInstanceOptions>(
      'restart-app-instance <app-and-index...>',
      'Restart one instance of an app: [APP] INDEX',
      async (context, args, options) =>
        (await import('../commands/scale.ts')).restartInstance(context, args, options),
    )
      .alias('restart-instance')
      .option('--process <type>', 'of this process type', 'web');

    define<ScaleOptions>(
      'scale [app]',
      'Show or change how many instances an app has, and how large they are',
      async (context, [app], options) => (await import('../commands/scale.ts')).scale(context, app, options),
    )
      .option('-i, --instances <count>', 'this many, or +N or -N')
      .option('-m, --memory <size>', 'the memory limit of each; restarts the app')
      .option('-k, --disk <size>', 'the disk limit told to each; restarts the app')
      .option('--process <type>', 'of this process type', 'web')
      .addOption(new Option('-f, --force', 'as cf has it; nothing is asked here').hideHelp())
      .addHelpText(
        'after',
        examples('scale -i 3', 'scale shop -i +1', 'scale shop -m 512M', 'scale shop --process worker -i 2'),
      );

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
      .option('--num <count>', 'how many lines', count)
      .option('--since <time>', 'only younger ones: 90s, 10m, 2h, or a date')
      .option('--grep <pattern>', 'only those that match this regular expression')
      .option('--source <glob>', 'only of this source: APP, RTR, STG, "APP/TASK/*" …')
      .option('--instance <index>', 'only of this instance')
      .addOption(new Option('--tail', 'as Stackato has it: --follow').hideHelp())
      .addHelpText(
        'after',
        examples('logs -f', 'logs --since 10m --grep error', 'logs shop --source RTR --json'),
      );

    define(
      'attach [apps...]',
      'Follow apps as a push does: log and events; Ctrl-C lets go, and they run on',
      async (context, args) => (await import('../commands/attach.ts')).attach(context, args),
    ).addHelpText('after', examples('attach', 'attach shop shop-worker'));

    define(
      'drain <action> [words...]',
      'Send the log lines of an app elsewhere too: add [APP] NAME URL, delete [APP] NAME, list [APP]',
      async (context, words) => (await import('../commands/drain.ts')).drain(context, words),
    ).addHelpText(
      'after',
      `\nWith "add", --json is as Stackato has it: the lines are sent as JSON.\n${examples(
        'drain add archive udp://logs.example.com:514',
        'drain add shop papertrail syslog-tls://logs.example.com:6514',
        'drain list shop',
        'drain delete shop archive',
      )}`,
    );

    define('drains [app]', 'List where the log lines of an app go', async (context, [app]) =>
      (await import('../commands/drain.ts')).drains(context, app),
    );

    define(
      'files [app] [path]',
      'List a folder of an app, or print a file of it',
      async (context, [app, path]) => (await import('../commands/files.ts')).files(context, app, path),
    ).alias('f');
  },
};
