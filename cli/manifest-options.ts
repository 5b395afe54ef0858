/** The options of every command that reads a manifest, declared once, so that all of them mean the same by it. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { EnvMode } from '../runtime/manifest/env-mode.ts';
import type { Dialect } from '../runtime/manifest/types.ts';
import type { CommonOptions } from './context.ts';
import { collect, strategy } from './define.ts';

export interface ManifestOptions extends CommonOptions {
  readonly path?: string;
  readonly manifest?: string;
  readonly dialect?: Dialect;
  readonly env: readonly string[];
  readonly var: readonly string[];
  readonly varsFile: readonly string[];
  readonly prompt: boolean;
}

/** What takes the place of what the manifest says about one app. */
export interface OverrideOptions {
  readonly as?: string;
  readonly instances?: string;
  readonly memory?: string;
  /** The Stackato client's word for `--memory`. */
  readonly mem?: string;
  readonly disk?: string;
  readonly buildpack?: string;
  readonly stack?: string;
  readonly timeout?: string;
  readonly healthCheckType?: string;
  readonly endpoint?: string;
  readonly url: readonly string[];
  /** False with `--no-route`; and with the Stackato client's word for it. */
  readonly route: boolean;
  readonly urls: boolean;
}

/** What a push may say beyond the manifest about what is to become of it. */
export interface PushChoices extends ManifestOptions, OverrideOptions {
  readonly command?: string;
  readonly envMode?: EnvMode;
  readonly watch: boolean;
  readonly strategy?: 'rolling';
  readonly staged?: boolean;
  readonly bind: readonly string[];
  readonly allowMissingServices?: boolean;
  readonly readyFile?: string;
  readonly tls?: boolean;
  readonly tlsPort?: string;
}

/** Naming a port for it asks for it too. */
export const wantsTls = ({ tls, tlsPort }: Pick<PushChoices, 'tls' | 'tlsPort'>): boolean =>
  tls === true || tlsPort !== undefined;

export function manifestOptions(command: Command): Command {
  return command
    .option('-p, --path <folder>', 'the app folder (default: this one)')
    .option('-f, --manifest <file>', 'the manifest (default: stackato.yml or manifest.yml)')
    .addOption(dialectOption('--dialect <dialect>', 'read the manifest as this dialect'))
    .option('-e, --env <name=value>', 'set a variable of the app; may be given several times', collect, [])
    .option('--var <name=value>', 'a ((variable)) of the manifest; may be given several times', collect, [])
    .option('--vars-file <file>', 'a YAML file of such variables; later files win', collect, [])
    .option('-n, --no-prompt', 'never ask: what is missing is an error');
}

export function overrideOptions(command: Command): Command {
  return command
    .option('--as <name>', 'another name for the app, wherever ${name} stands too')
    .option('-i, --instances <count>', 'how many instances, over the manifest')
    .option('-m, --memory <size>', 'memory of an instance, as the manifest would write it')
    .option('-k, --disk <size>', 'disk of an instance, as the manifest would write it')
    .option('-b, --buildpack <name>', 'the buildpack, over the manifest')
    .option('-s, --stack <name>', 'the stack, over the manifest')
    .option('-t, --timeout <seconds>', 'how long it may take to become healthy, over the manifest')
    .option('-u, --health-check-type <type>', 'port, http or process (Cloud Foundry), over the manifest')
    .option(
      '--endpoint <path>',
      'what a health check of type http asks for (Cloud Foundry), over the manifest',
    )
    .option('--url <url>', 'a URL instead of those of the manifest; may be given several times', collect, [])
    .option('--no-route', 'no URL at all')
    .addOption(new Option('--mem <size>').hideHelp())
    .addOption(new Option('--no-urls').hideHelp());
}

export function pushChoices(command: Command): Command {
  return command
    .option('-c, --command <command>', 'the start command, over the manifest and the Procfile')
    .addOption(
      new Option(
        '--env-mode <mode>',
        'variables of an app that exists: keep their values, overwrite them, or drop all others ' +
          '(default: preserve for Stackato, append for Cloud Foundry)',
      ).choices(['preserve', 'append', 'replace']),
    )
    .option(
      '--bind <name=url>',
      'use an engine that runs elsewhere for this service; may be given several times',
      collect,
      [],
    )
    .option('--allow-missing-services', 'start apps without services whose engine is not installed')
    .option(
      '--tls',
      'route on HTTPS as well; "paas-local trust" says how its certificates come to be trusted',
    )
    .option(
      '--tls-port <number>',
      'the port for it, kept for the space (default: 8443, or $PAAS_LOCAL_TLS_PORT; else the next free one)',
    )
    .option('--staged', 'run in a copy of the folder without what is ignored, made anew at each start')
    .addOption(strategy())
    .option('--no-watch', 'do not restart when files change');
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  stackato: 'stackato',
  'cloud-foundry': 'cloud-foundry',
  cloudfoundry: 'cloud-foundry',
  cf: 'cloud-foundry',
};

export function dialectOption(flag: string, description: string): Option {
  return new Option(flag, `${description}: stackato or cloud-foundry`).argParser((text: string): Dialect => {
    const dialect = Object.hasOwn(DIALECTS, text.toLowerCase()) ? DIALECTS[text.toLowerCase()] : undefined;
    if (dialect) return dialect;
    throw new InvalidArgumentError('Allowed choices are stackato, cloud-foundry.');
  });
}
