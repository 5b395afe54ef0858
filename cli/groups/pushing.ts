import type { InitOptions } from '../commands/init.ts';
import type { ManifestCommandOptions } from '../commands/manifest.ts';
import type { PlanOptions } from '../commands/plan.ts';
import type { PushOptions } from '../commands/push.ts';
import { duration, type Group } from '../define.ts';
import { dialectOption, manifestOptions, overrideOptions, pushChoices } from '../manifest-options.ts';

export const pushing: Group = {
  title: 'Getting started:',
  declare(define) {
    define<InitOptions>(
      'init',
      'Propose a manifest for a folder that has none',
      async (context, _, options) => (await import('../commands/init.ts')).init(context, options),
    )
      .option('-p, --path <folder>', 'the app folder (default: this one)')
      .option('-y, --yes', 'write it without asking');

    const push = define<PushOptions>(
      'push [apps...]',
      'Stage, start and route the apps of the manifest',
      async (context, args, options) => (await import('../commands/push.ts')).push(context, args, options),
    );
    push.alias('p');
    pushChoices(overrideOptions(manifestOptions(push)))
      .option('--dry-run', 'only say what would be done, as "plan" does')
      .option(
        '--port <number>',
        'the port to route on, kept for the space (default: 8080, or $PAAS_LOCAL_PORT; else the next free one)',
      )
      .option('--strict-ports', 'fail when a port is taken instead of choosing another')
      .option(
        '--ready-file <file>',
        'write a file of JSON as soon as the apps are ready: their URLs and services',
      )
      .option('-d, --detach', 'return as soon as the apps are healthy; they run on')
      .option(
        '--no-start',
        'only remember the apps: "start" stages and starts them; what runs of them is stopped',
      )
      .option('--attach <process>', 'give instance 0 of this process the terminal: pdb, node inspect')
      .option('--debug', 'open the debugger of instance 0 (Node, Python), and say how to attach')
      .option('--debug-break', 'the same, and begin the app only when one is attached')
      .option('--debug-process <type>', 'the same, of this process type (default: web)')
      .option('--max-backoff <time>', 'start a crashed instance again after this at most: 1s', duration);

    const plan = define<PlanOptions>(
      'plan [apps...]',
      'Say what a push would do, and what becomes of each key of the manifest',
      async (context, args, options) => (await import('../commands/plan.ts')).plan(context, args, options),
    );
    pushChoices(overrideOptions(manifestOptions(plan)));

    const manifest = define<ManifestCommandOptions>(
      'manifest [apps...]',
      'Print the manifest as it is understood, or as another dialect writes it',
      async (context, args, options) =>
        (await import('../commands/manifest.ts')).manifest(context, args, options),
    );
    overrideOptions(manifestOptions(manifest)).addOption(
      dialectOption('--to <dialect>', 'convert it to this dialect (from Stackato to Cloud Foundry)'),
    );
  },
};
