/** The command tree: a table of contents by groups. Each action loads its own file, so that `--help` loads none. */
import { Command, CommanderError, Help, type Option } from 'commander';
import { errorToJson, EXIT, PaasError } from '../runtime/kernel/errors.ts';
import { VERSION } from '../runtime/kernel/version.ts';
import { makeContext, type CommonOptions, type Context, type World } from './context.ts';
import type { Action, Define, Group } from './define.ts';
import { apps } from './groups/apps.ts';
import { explained, isExplained } from './groups/explained.ts';
import { examplesOf } from './groups/examples.ts';
import { environment } from './groups/environment.ts';
import { instances } from './groups/instances.ts';
import { logs } from './groups/logs.ts';
import { pushing } from './groups/pushing.ts';
import { routes } from './groups/routes.ts';
import { services } from './groups/services.ts';
import { space } from './groups/space.ts';
import { testing } from './groups/testing.ts';

const COMPLETION = 'completion';

/** As the help shows them. */
const GROUPS: readonly Group[] = [
  pushing,
  apps,
  instances,
  logs,
  environment,
  routes,
  services,
  testing,
  space,
];

/** Not a command of this tree: `main` hands it over, for its arguments are memcached's own. */
const STANDALONE = `
Standalone:
  memcached [flags...]            Run the built-in cache alone, with memcached's command line (memcached -h)

Examples:
  paas-local push                          stage, start and route the app in this folder
  paas-local push -d && paas-local open    in the background; then open it in the browser
  paas-local logs -f --source APP          what the app prints, as it comes
  paas-local scale -i 3                    three instances behind the router
  paas-local run python manage.py shell    a program in the environment of the app
  paas-local stop --all                    stop everything`;

/** @returns the exit code */
export async function runProgram(world: World): Promise<number> {
  let exitCode: number = EXIT.ok;
  // What cannot be parsed has no options yet: whoever wrote --json reads JSON.
  const { argv } = world;
  const json = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--json');
  const program = new Command('paas-local')
    .description('A platform-as-a-service on your laptop: push an app folder with its manifest')
    .version(VERSION, '-V, --version')
    .showSuggestionAfterError()
    .showHelpAfterError('(paas-local help COMMAND shows its options)')
    .addHelpText('after', STANDALONE)
    .enablePositionalOptions()
    // Of what may be given several times, nothing is no default to tell.
    .configureHelp({ optionDescription: withoutEmptyDefault })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void (json || world.stderr.write(text)),
      outputError: (text, write) => write(withPlace(text)),
    });

  /** Options of every command, and one way to run it: a context, a code, an error in words. */
  const define: Define = <Options extends CommonOptions>(
    signature: string,
    description: string,
    action: Action<Options>,
    how: { readonly hidden: boolean } = { hidden: false },
  ): Command => {
    const command = program
      .command(signature, how)
      .description(description)
      .option('--space <name>', 'the space to work in (default: "default", or $PAAS_LOCAL_SPACE)')
      .option('--json', 'print JSON')
      .option('--no-color', 'print without colour')
      .action(async (...all: unknown[]) => {
        const self = all.at(-1) as Command;
        exitCode = await run(world, self.args, self.opts<Options>(), action);
      });
    const examples = examplesOf(command.name());
    return examples === undefined ? command : command.addHelpText('after', examples);
  };

  // Declaring takes 0.2 ms a command, so it ends with the group that has the wanted one; help shows them all.
  // `help NAME` shows that one.
  const asked = argv[0] === 'help' ? argv.slice(1) : argv;
  const wanted = asked[0] ?? '';
  for (const group of isExplained(wanted) ? [explained(wanted)] : GROUPS) {
    program.commandsGroup(group.title);
    group.declare(define);
    if (wanted !== COMPLETION && isKnown(program, wanted)) break;
  }
  if (program.commands.some((known) => known.name() === COMPLETION)) declareCompletion(program, world);
  try {
    // Help for a name that is none: as if it had been called, with what may have been meant.
    const known = asked === argv || /^(-.*|help)?$/.test(wanted) || isKnown(program, wanted);
    await program.parseAsync([...(known ? argv : asked)], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === 'commander.help') return EXIT.ok;
    if (json) {
      const [message = '', hint] = withPlace(error.message)
        .trimEnd()
        .replace(/^error: /, '')
        .split('\n');
      const usage = new PaasError('USAGE', { message, ...(hint ? { hint } : {}) });
      world.stdout.write(`${JSON.stringify({ error: errorToJson(usage) })}\n`);
    }
    return EXIT.usage;
  }
  return exitCode;
}

function withoutEmptyDefault(option: Option): string {
  const { defaultValue } = option;
  return Array.isArray(defaultValue) && defaultValue.length === 0
    ? option.description
    : Help.prototype.optionDescription(option);
}

/** An option of every command that stands before it is unknown, and known where it belongs. */
function withPlace(text: string): string {
  const option = /unknown option '(--space|--json|--no-color)(?:=.*)?'/.exec(text)?.[1];
  if (option === undefined) return text;
  const shown = option === '--space' ? '--space NAME' : option;
  return `${text.trimEnd()}\n(It stands behind the command: paas-local COMMAND ${shown})\n`;
}

const isKnown = (program: Command, name: string): boolean =>
  program.commands.some((known) => known.name() === name || known.aliases().includes(name));

/** The one command that knows all others. */
function declareCompletion(program: Command, world: World): void {
  const completion = program.commands.find((known) => known.name() === COMPLETION);
  completion?.action(async (shell: string, { json }: CommonOptions) => {
    const { completionScript, SHELLS } = await import('./render/completion.ts');
    const known = SHELLS.find((one) => one === shell);
    if (!known) completion.error(`error: "${shell}" is not one of ${SHELLS.join(', ')}`);
    const shown = program
      .createHelp()
      .visibleCommands(program)
      .filter((one) => one.name() !== 'help');
    const commands = shown.map((one) => ({
      name: one.name(),
      aliases: one.aliases(),
      description: one.description(),
      flags: one.options.flatMap(({ hidden, long, short }) => (hidden ? [] : [long, short])).filter(isText),
    }));
    const script = completionScript(known!, commands);
    world.stdout.write(`${json ? JSON.stringify({ shell, script }) : script}\n`);
  });
}

const isText = (value: string | undefined | null): value is string => typeof value === 'string';

async function run<Options extends CommonOptions>(
  world: World,
  args: string[],
  options: Options,
  action: Action<Options>,
): Promise<number> {
  const { renderError } = await import('./render/error.ts');
  let context: Context | undefined;
  try {
    context = makeContext(world, options);
    return await action(context, args, options);
  } catch (error) {
    const { createTerminal } = await import('./render/terminal.ts');
    renderError(error, context ?? { terminal: createTerminal(world), json: options.json === true });
    return error instanceof PaasError ? error.exitCode : EXIT.unexpected;
  }
}
