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

/** What a push may say beyond the manifest about what is to become of it. */
export interface PushChoices extends ManifestOptions {
  readonly command?: string;
  readonly envMode?: EnvMode;
  readonly watch: boolean;
  readonly strategy?: 'rolling';
  readonly staged?: boolean;
  readonly bind: readonly string[];
  readonly allowMissingServices?: boolean;
}

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
