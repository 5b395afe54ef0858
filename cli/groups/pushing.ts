import { Option } from 'commander';
import type { PushOptions } from '../commands/push.ts';
import { collect, type Group } from '../define.ts';

export const pushing: Group = {
  title: 'Getting started:',
  declare(define) {
    define<PushOptions>(
      'push [apps...]',
      'Stage, start and route the apps of the manifest',
      async (context, args, options) => (await import('../commands/push.ts')).push(context, args, options),
    )
      .option('-p, --path <folder>', 'the app folder (default: this one)')
      .option('-f, --manifest <file>', 'the manifest (default: stackato.yml or manifest.yml)')
      .addOption(
        new Option('--dialect <dialect>', 'read the manifest as this dialect').choices([
          'stackato',
          'cloud-foundry',
        ]),
      )
      .option('-e, --env <name=value>', 'set a variable of the app; may be given several times', collect, [])
      .option('--var <name=value>', 'a ((variable)) of the manifest; may be given several times', collect, [])
      .option('--vars-file <file>', 'a YAML file of such variables; later files win', collect, [])
      .option('-c, --command <command>', 'the start command, over the manifest and the Procfile')
      .option(
        '--port <number>',
        'the port to route on (default: 8080, or $PAAS_LOCAL_PORT; else the next free one)',
      )
      .option('--strict-ports', 'fail when a port is taken instead of choosing another')
      .option('-d, --detach', 'return as soon as the apps are healthy; they run on')
      .option('--no-watch', 'do not restart when files change')
      .option('-n, --no-prompt', 'never ask: what is missing is an error');
  },
};
