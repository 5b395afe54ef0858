import type { EnvOptions } from '../commands/env.ts';
import type { RunOptions, SshOptions } from '../commands/run.ts';
import type { SetEnvOptions } from '../commands/set-env.ts';
import type { RunTaskOptions } from '../commands/tasks.ts';
import { collect, type Group } from '../define.ts';

export const environment: Group = {
  title: 'Environment, tasks and one-off commands:',
  declare(define) {
    define<EnvOptions>('env [app]', 'Show the environment of an app', async (context, [app], options) =>
      (await import('../commands/env.ts')).env(context, app, options),
    )
      .alias('e')
      .option('--why', 'name the origin of each variable')
      .option('--process <type>', 'of this process type (default: web)');

    define<SetEnvOptions>(
      'set-env <app-name-value...>',
      'Set a variable of an app: [APP] NAME VALUE',
      async (context, args, options) =>
        (await import('../commands/set-env.ts')).setEnv(context, args, options),
    )
      .alias('se')
      .option('--restart', 'restart the app at once (a Stackato app is)')
      .option('--no-restart', 'leave it running as it is');

    define<SetEnvOptions>(
      'unset-env <app-name...>',
      'Unset a variable of an app: [APP] NAME',
      async (context, args, options) =>
        (await import('../commands/set-env.ts')).unsetEnv(context, args, options),
    )
      .alias('ue')
      .option('--restart', 'restart the app at once (a Stackato app is)')
      .option('--no-restart', 'leave it running as it is');

    define('env-add <app-name-value...>', 'Set a variable and restart the app', async (context, args) =>
      (await import('../commands/set-env.ts')).setEnv(context, args, { restart: true }),
    );

    define('env-del <app-name...>', 'Unset a variable and restart the app', async (context, args) =>
      (await import('../commands/set-env.ts')).unsetEnv(context, args, { restart: true }),
    );

    define<RunTaskOptions>(
      'run-task [app] [command...]',
      'Run a one-off command beside an app',
      async (context, args, options) =>
        (await import('../commands/tasks.ts')).runTask(context, args, options),
    )
      .alias('rt')
      .option('-c, --command <command>', 'the command, as shell text')
      .option('--name <name>', 'a name for it, and for its log lines')
      .option('-m, --memory <size>', 'its memory limit (default: that of the process)')
      .option('--process <type>', 'whose limits it has (default: web)')
      .option('-w, --wait', 'wait until it has ended; exit with 1 when it failed');

    define('tasks [app]', 'List the tasks of an app', async (context, [app]) =>
      (await import('../commands/tasks.ts')).tasks(context, app),
    );

    define('task <app-and-id...>', 'Show a task: [APP] ID', async (context, args) =>
      (await import('../commands/tasks.ts')).showTask(context, args),
    );

    define('terminate-task <app-and-id...>', 'End a task: [APP] ID', async (context, args) =>
      (await import('../commands/tasks.ts')).terminateTask(context, args),
    );

    define<RunOptions>(
      'run <command...>',
      'Run a program in the environment of an app, with this terminal',
      async (context, args, options) => (await import('../commands/run.ts')).run(context, args, options),
    )
      .option('-a, --app <name>', 'in this app (default: that of the manifest)')
      .passThroughOptions();

    define<SshOptions>(
      'ssh [app]',
      'Open a shell in the environment of an app',
      async (context, [app], options) => (await import('../commands/run.ts')).ssh(context, app, options),
    )
      .option(
        '-c, --command <command>',
        'run this instead of a shell; may be given several times',
        collect,
        [],
      )
      .option('-i, --app-instance-index <index>', 'with all that this running instance was given, PORT too')
      .option('--process <type>', 'of this process type: its instance 0, or that of -i');
  },
};
