/** The command tree: a table of contents. Each action loads its own file, so that `--help` loads none. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../runtime/kernel/errors.ts';
import { VERSION } from '../runtime/kernel/version.ts';
import type { EnvOptions } from './commands/env.ts';
import type { DeleteOptions, StopOptions } from './commands/lifecycle.ts';
import type { LogsOptions } from './commands/logs.ts';
import type { PushOptions } from './commands/push.ts';
import { makeContext, type CommonOptions, type Context, type World } from './context.ts';

/** @returns the exit code */
export async function runProgram(world: World): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('paas-local')
    .description('A platform-as-a-service on your laptop: push an app folder with its manifest')
    .version(VERSION, '-V, --version')
    .showSuggestionAfterError()
    .showHelpAfterError('(paas-local help COMMAND shows its options)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
    });

  /** Options of every command, and one way to run it: a context, a code, an error in words. */
  const command = <Options extends CommonOptions>(
    signature: string,
    description: string,
    run: (context: Context, args: string[], options: Options) => Promise<number>,
  ): Command =>
    program
      .command(signature)
      .description(description)
      .option('--space <name>', 'the space to work in (default: "default", or $PAAS_LOCAL_SPACE)')
      .option('--json', 'print JSON')
      .option('--no-color', 'print without colour')
      .action(async (...all: unknown[]) => {
        const self = all.at(-1) as Command;
        const options = self.opts<Options>();
        const { renderError } = await import('./render/error.ts');
        let context: Context | undefined;
        try {
          context = makeContext(world, options);
          exitCode = await run(context, self.args, options);
        } catch (error) {
          const { createTerminal } = await import('./render/terminal.ts');
          const { PaasError } = await import('../runtime/kernel/errors.ts');
          renderError(error, context ?? { terminal: createTerminal(world), json: options.json === true });
          exitCode = error instanceof PaasError ? error.exitCode : EXIT.unexpected;
        }
      });

  command<PushOptions>(
    'push [apps...]',
    'Stage, start and route the apps of the manifest',
    async (context, args, options) => (await import('./commands/push.ts')).push(context, args, options),
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

  command('apps', 'List the apps of the space', async (context) =>
    (await import('./commands/apps.ts')).apps(context),
  ).alias('a');

  command<LogsOptions>('logs [app]', 'Show the log of an app or service', async (context, [app], options) =>
    (await import('./commands/logs.ts')).logs(context, app, options),
  )
    .option('--recent', 'only the lines so far (the default)')
    .option('-f, --follow', 'go on with the lines to come')
    .option('--num <count>', 'how many lines', count);

  command<EnvOptions>('env [app]', 'Show the environment of an app', async (context, [app], options) =>
    (await import('./commands/env.ts')).env(context, app, options),
  )
    .alias('e')
    .option('--why', 'name the origin of each variable')
    .option('--process <type>', 'of this process type (default: web)');

  command('services', 'List the service instances of the space', async (context) =>
    (await import('./commands/service.ts')).services(context),
  ).alias('s');

  command(
    'service <name>',
    'Show a service instance: address, credentials, figures',
    async (context, [name]) => (await import('./commands/service.ts')).service(context, name!),
  );

  command('start [apps...]', 'Start stopped apps', async (context, args) =>
    (await import('./commands/lifecycle.ts')).start(context, args, 'start'),
  ).alias('st');

  command('restart [apps...]', 'Stop and start apps', async (context, args) =>
    (await import('./commands/lifecycle.ts')).start(context, args, 'restart'),
  ).alias('rs');

  command<StopOptions>(
    'stop [apps...]',
    'Stop apps, and the services nothing else needs',
    async (context, args, options) => (await import('./commands/lifecycle.ts')).stop(context, args, options),
  )
    .alias('sp')
    .option('--all', 'stop everything in the space, and its host');

  command<DeleteOptions>(
    'delete [apps...]',
    'Stop and forget apps; their services are kept',
    async (context, args, options) =>
      (await import('./commands/lifecycle.ts')).remove(context, args, options),
  )
    .alias('d')
    .option('-f, --force', 'do not ask');

  command('doctor', 'Say what is here, and clean up after a crash', async (context) =>
    (await import('./commands/doctor.ts')).doctor(context),
  );

  try {
    await program.parseAsync([...world.argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 || error.code === 'commander.help' ? EXIT.ok : EXIT.usage;
  }
  return exitCode;
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}
