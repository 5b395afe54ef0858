import { Option } from 'commander';
import type { CrashlogsOptions } from '../commands/crashes.ts';
import type { SetHealthCheckOptions } from '../commands/health-check.ts';
import type { HealthOptions } from '../commands/instances.ts';
import type { RestartInstanceOptions, ScaleOptions } from '../commands/scale.ts';
import { count, type Group } from '../define.ts';

export const instances: Group = {
  title: 'Instances and checks:',
  declare(define) {
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
      .addOption(new Option('-f, --force', 'as cf has it; nothing is asked here').hideHelp());

    define(
      'stats [app]',
      "Show what the instances of an app take, in Stackato's columns",
      async (context, [app]) => (await import('../commands/instances.ts')).stats(context, app),
    );

    define(
      'instances [app-and-count...]',
      'List the instances of an app; with a number, have so many',
      async (context, words) => (await import('../commands/instances.ts')).instances(context, words),
    );

    define<HealthOptions>(
      'health [apps...]',
      'Say how many of the wanted instances run',
      async (context, names, options) =>
        (await import('../commands/instances.ts')).health(context, names, options),
    ).option('--all', 'of every app of the space');

    define(
      'mem [app-and-size...]',
      'Show the memory limit of an app; with a size, change it',
      async (context, words) =>
        (await import('../commands/instances.ts')).reservation(context, 'memory', words),
    );

    define(
      'disk [app-and-size...]',
      'Show the disk limit of an app; with a size, change it',
      async (context, words) =>
        (await import('../commands/instances.ts')).reservation(context, 'disk', words),
    );

    define('crashes [app]', 'List the crashes of an app', async (context, [app]) =>
      (await import('../commands/crashes.ts')).crashes(context, app),
    );

    define<CrashlogsOptions>(
      'crashlogs [app]',
      'Show what an instance said before it crashed',
      async (context, [app], options) =>
        (await import('../commands/crashes.ts')).crashlogs(context, app, options),
    ).option('--instance <name>', 'of the crash that "crashes" calls so (default: the latest)');

    define('get-health-check [app]', 'Show how the processes of an app are checked', async (context, [app]) =>
      (await import('../commands/health-check.ts')).getHealthCheck(context, 'health', app),
    );

    define(
      'get-readiness-health-check [app]',
      'Show what decides whether instances get requests',
      async (context, [app]) =>
        (await import('../commands/health-check.ts')).getHealthCheck(context, 'readiness', app),
    );

    for (const [name, check, what] of [
      ['set-health-check', 'health', 'how a process is checked'],
      ['set-readiness-health-check', 'readiness', 'what decides whether instances get requests'],
    ] as const)
      define<SetHealthCheckOptions>(
        `${name} <app-and-type...>`,
        `Change ${what}: [APP] process|port|http`,
        async (context, args, options) =>
          (await import('../commands/health-check.ts')).setHealthCheck(context, check, args, options),
      )
        .option('--endpoint <path>', 'what is asked for, with http')
        .option('--invocation-timeout <seconds>', 'how long one check may take', count)
        .option('--interval <seconds>', 'between two checks', count)
        .option('--process <type>', 'of this process type', 'web');
  },
};
