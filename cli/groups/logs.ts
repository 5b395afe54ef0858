import { Option } from 'commander';
import type { EventsOptions } from '../commands/events.ts';
import type { LogsOptions } from '../commands/logs.ts';
import { count, type Group } from '../define.ts';

export const logs: Group = {
  title: 'Logs and files:',
  declare(define) {
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
      .addOption(new Option('--tail', 'as Stackato has it: --follow').hideHelp());

    define(
      'attach [apps...]',
      'Follow apps as a push does: log and events; Ctrl-C lets go, and they run on',
      async (context, args) => (await import('../commands/attach.ts')).attach(context, args),
    );

    define<EventsOptions>(
      'events [app]',
      'Show what happened to an app, and why',
      async (context, [app], options) =>
        (await import('../commands/events.ts')).events(context, app, options),
    ).option('--num <count>', 'how many, the newest first (default: 50)', count);

    define(
      'drain <action> [words...]',
      'Send the log lines of an app elsewhere too: add [APP] NAME URL, delete [APP] NAME, list [APP]',
      async (context, words) => (await import('../commands/drain.ts')).drain(context, words),
    ).addHelpText('after', '\nWith "add", --json is as Stackato has it: the lines are sent as JSON.');

    define('drains [app]', 'List where the log lines of an app go', async (context, [app]) =>
      (await import('../commands/drain.ts')).drains(context, app),
    );

    define(
      'files [app] [path]',
      'List a folder of an app, or print a file of it',
      async (context, [app, path]) => (await import('../commands/files.ts')).files(context, app, path),
    )
      .alias('f')
      .alias('file');

    define('tail <app-and-path...>', 'Follow a file of an app: [APP] PATH', async (context, args) =>
      (await import('../commands/files.ts')).tail(context, args),
    );
  },
};
