/** What a command is run with: the world enters here, once. Nothing below reads `process.env` or the folder itself. */
import { stateHome, spacePaths, type SpacePaths } from '../runtime/state/home.ts';
import { absolutePath, type AbsolutePath } from '../runtime/kernel/names.ts';
import { PaasError } from '../runtime/kernel/errors.ts';
import type { Output } from './output.ts';
import { createTerminal, type Terminal } from './render/terminal.ts';

export interface World {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly output: Output;
  /** The entry of the host's own process, beside this program. */
  readonly hostEntry: string;
  /** Node flags the host is started with (a loader, when run from source). */
  readonly execArgv: readonly string[];
}

/** Options every command has. */
export interface CommonOptions {
  readonly space?: string;
  readonly json?: boolean;
  readonly color?: boolean;
}

export interface Context {
  readonly world: World;
  readonly env: World['env'];
  readonly cwd: AbsolutePath;
  readonly paths: SpacePaths;
  readonly json: boolean;
  readonly terminal: Terminal;
}

/** @throws PaasError `SPACE_NAME_INVALID` */
export function makeContext(world: World, options: CommonOptions): Context {
  const home = stateHome(world.env, world.cwd);
  const space = options.space ?? world.env.PAAS_LOCAL_SPACE ?? 'default';
  return {
    world,
    env: world.env,
    cwd: absolutePath(world.cwd),
    paths: spacePaths(home, space),
    json: options.json === true,
    terminal: createTerminal(world, options.color),
  };
}

/** The router's first choice where neither flag nor variable names one. */
const DEFAULT_PORT = 8080;
/** For HTTPS. */
const DEFAULT_TLS_PORT = 8443;

/** For commands that only need a host: which port it routes on is of no matter to them. */
export const anyPort = (context: Context) => ({
  port: portOption(undefined, context.env),
  tlsPort: tlsPortOption(undefined, context.env),
  strictPorts: false,
});

/** @throws PaasError `USAGE` */
export function portOption(flag: string | undefined, env: World['env']): number {
  return readPort(flag, '--port', env, 'PAAS_LOCAL_PORT') ?? DEFAULT_PORT;
}

/** @throws PaasError `USAGE` */
export function tlsPortOption(flag: string | undefined, env: World['env']): number {
  return readPort(flag, '--tls-port', env, 'PAAS_LOCAL_TLS_PORT') ?? DEFAULT_TLS_PORT;
}

function readPort(
  given: string | undefined,
  flag: string,
  env: World['env'],
  variable: string,
): number | undefined {
  const [text, name] = given === undefined ? [env[variable], variable] : [given, flag];
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new PaasError('USAGE', {
    message: `Cannot use "${text}" as ${name}: a port is a number from 0 to 65535`,
  });
}
