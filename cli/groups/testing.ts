import type { ExecOptions } from '../commands/exec.ts';
import { collect, duration, type Group } from '../define.ts';
import { dialectOption } from '../manifest-options.ts';

const DEFAULT_TIMEOUT_MS = 60_000;

export const testing: Group = {
  title: 'Testing:',
  declare(define) {
    define<ExecOptions>(
      'exec <command...>',
      'Start the manifest in a space of its own, run a command in its environment, and end with its exit code',
      async (context, args, options) => (await import('../commands/exec.ts')).exec(context, args, options),
    )
      .option('-p, --path <folder>', 'the app folder (default: this one)')
      .option('-f, --manifest <file>', 'the manifest (default: stackato.yml or manifest.yml)')
      .addOption(dialectOption('--dialect <dialect>', 'read the manifest as this dialect'))
      .option('-a, --app <name>', 'start only this app; may be given several times', collect, [])
      .option('--services-only', 'start no app: only the services it needs')
      .option('--bind <name=url>', 'use an engine that runs elsewhere for this service', collect, [])
      .option('--in-place', 'run apps in their own folder instead of a copy')
      .option(
        '-e, --env <name=value>',
        'a variable of apps and command; may be given several times',
        collect,
        [],
      )
      .option('--var <name=value>', 'a ((variable)) of the manifest; may be given several times', collect, [])
      .option('--vars-file <file>', 'a YAML file of such variables; later files win', collect, [])
      .option(
        '--timeout <time>',
        'how long it may take to be ready (default: 60s)',
        duration,
        DEFAULT_TIMEOUT_MS,
      )
      .option('--keep-on-failure', 'leave everything running when the command fails, until Ctrl-C')
      .option('-v, --verbose', 'show what the apps print, not only after a failure')
      .passThroughOptions();
  },
};
