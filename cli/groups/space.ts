import { Option } from 'commander';
import type { PruneOptions } from '../commands/prune.ts';
import type { WaitOptions } from '../commands/ps.ts';
import { duration, type Group } from '../define.ts';

export const space: Group = {
  title: 'Space:',
  declare(define) {
    define('ps', 'List the processes of the space, with their ports', async (context) =>
      (await import('../commands/ps.ts')).ps(context),
    );

    define<WaitOptions>(
      'wait [apps...]',
      'Wait until apps are as wanted; exit with 3 when they are not in time',
      async (context, args, options) => (await import('../commands/ps.ts')).wait(context, args, options),
    )
      .addOption(
        new Option('--for <state>', 'ready: all instances take requests; up: started; down: stopped')
          .choices(['ready', 'up', 'down'])
          .default('ready'),
      )
      .option('--timeout <time>', 'how long at most (default: 60s)', duration, 60_000);

    define<PruneOptions>(
      'prune',
      'Remove what nothing needs any more: processes, folders and logs that are left over',
      async (context, _, options) => (await import('../commands/prune.ts')).prune(context, options),
    ).option('-f, --force', 'do not ask');

    // Its action is the program's own: it tells of all commands.
    define('completion <shell>', 'Print completion for bash, zsh or fish', async () => 0);

    define('doctor', 'Say what is here, and clean up after a crash', async (context) =>
      (await import('../commands/doctor.ts')).doctor(context),
    );
  },
};
