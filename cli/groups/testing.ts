import { Option } from 'commander';
import type { ExecOptions } from '../commands/exec.ts';
import type { FaultOptions } from '../commands/fault.ts';
import type { WaitOptions } from '../commands/wait.ts';
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
      .option('--service <name=type>', 'the type of a service the manifest only names', collect, [])
      .option('--bind <name=url>', 'use an engine that runs elsewhere for this service', collect, [])
      .option('--tls', 'route on HTTPS as well: PAAS_LOCAL_URL is its URL, and the command trusts it')
      .option('--in-place', 'run apps in their own folder instead of a copy')
      .option(
        '-e, --env <name=value>',
        'a variable of apps and command; may be given several times',
        collect,
        [],
      )
      .option('--var <name=value>', 'a ((variable)) of the manifest; may be given several times', collect, [])
      .option('--vars-file <file>', 'a YAML file of such variables; later files win', collect, [])
      .addOption(timeout('how long it may take to be ready'))
      .option('--keep-on-failure', 'leave everything running when the command fails, until Ctrl-C')
      .option('-v, --verbose', 'show what the apps print, not only after a failure')
      .passThroughOptions();

    define<WaitOptions>(
      'wait [apps...]',
      'Wait until apps are ready, or down',
      async (context, args, options) => (await import('../commands/wait.ts')).wait(context, args, options),
    )
      .addOption(new Option('--for <state>', 'what to wait for').choices(['ready', 'down']).default('ready'))
      .addOption(timeout('how long at most'));

    define<FaultOptions>(
      'fault <target> [what...]',
      'Make an outage: fault SERVICE down, fault APP crash, fault router latency 1s, fault clear',
      async (context, args, options) => (await import('../commands/fault.ts')).fault(context, args, options),
    ).option('--for <time>', 'end it by itself after that', duration);

    define('faults', 'List the outages there are', async (context) =>
      (await import('../commands/fault.ts')).faults(context),
    );
  },
};

const timeout = (description: string): Option =>
  new Option('--timeout <time>', description).argParser(duration).default(DEFAULT_TIMEOUT_MS, '60s');
