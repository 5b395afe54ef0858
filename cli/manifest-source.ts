/** From a command's options to a manifest that was read. */
import { resolve } from 'node:path';
import { PaasError } from '../runtime/kernel/errors.ts';
import type { Diagnostic } from '../runtime/kernel/diagnostics.ts';
import type { ManifestReading, Reading, SourceReading } from '../runtime/platform/read-source.ts';
import type { Overrides } from '../runtime/manifest/options.ts';
import { peekRecord, type ManifestSource, type SpaceRecord } from '../runtime/state/record.ts';
import type { Context } from './context.ts';
import type { ManifestOptions, OverrideOptions, PushChoices } from './manifest-options.ts';
import { askOnTerminal } from './render/ask.ts';
import { renderDiagnostic } from './render/code-frame.ts';
import { shellOf } from './which-app.ts';

export function manifestSource(
  context: Context,
  names: readonly string[],
  options: ManifestOptions & Partial<PushChoices>,
): ManifestSource {
  const record = peekRecord(context.paths.record);
  const asks = askOnTerminal(context, options.prompt) !== undefined;
  return {
    cwd: context.cwd,
    appNames: names,
    env: options.env,
    vars: options.var,
    varsFiles: options.varsFile,
    noWatch: options.watch === false,
    seeds: seedsFrom(record),
    // Whoever can be asked is asked anew; otherwise the answers of the last push count.
    ...(asks ? {} : { answers: answersFrom(record) }),
    ...(options.path === undefined ? {} : { path: options.path }),
    ...(options.manifest === undefined ? {} : { manifest: options.manifest }),
    ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
    ...overridesOf(options),
    ...(options.command === undefined ? {} : { command: options.command }),
    ...(options.envMode === undefined ? {} : { envMode: options.envMode }),
    ...(options.readyFile === undefined ? {} : { readyFile: resolve(context.cwd, options.readyFile) }),
  };
}

/** Numbers are checked here, the rest is read as if the manifest held it. @throws PaasError `USAGE` */
function overridesOf(options: Partial<OverrideOptions>): { readonly overrides?: Overrides } {
  const { as, disk, buildpack, stack, healthCheckType, endpoint, url = [] } = options;
  const memory = options.memory ?? options.mem;
  const route = options.route !== false && options.urls !== false;
  const urls = route ? url : [];
  const overrides: Overrides = {
    ...(as === undefined ? {} : { name: as }),
    ...number('instances', options.instances),
    ...(memory === undefined ? {} : { memory }),
    ...(disk === undefined ? {} : { disk }),
    ...(buildpack === undefined ? {} : { buildpack }),
    ...(stack === undefined ? {} : { stack }),
    ...number('timeout', options.timeout),
    ...(healthCheckType === undefined ? {} : { healthCheckType }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(urls.length > 0 || !route ? { urls } : {}),
  };
  return Object.keys(overrides).length > 0 ? { overrides } : {};
}

function number(name: 'instances' | 'timeout', text: string | undefined): Partial<Overrides> {
  if (text === undefined) return {};
  const least = name === 'instances' ? 0 : 1;
  if (/^\d{1,7}$/.test(text) && Number(text) >= least) return { [name]: Number(text) };
  throw new PaasError('USAGE', {
    message: `Cannot use "${text}" as --${name}: it must be a whole number of at least ${least}`,
  });
}

/** Need not be secret, only another one every time; loading `node:crypto` would cost every push 4 ms. */
const newSeed = (): string => `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;

/** Apps that exist keep their random words; new ones get a seed of their own. */
function seedsFrom(record: SpaceRecord | undefined): Readonly<Record<string, string>> {
  const known = Object.entries(record?.apps ?? {}).flatMap(([name, { source }]): [string, string][] => {
    const seeds = source?.seeds ?? {};
    const seed = Object.hasOwn(seeds, name) ? seeds[name] : seeds[''];
    return seed === undefined ? [] : [[name, seed]];
  });
  return Object.fromEntries([['', newSeed()], ...known]);
}

function answersFrom(record: SpaceRecord | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.values(record?.apps ?? {}).flatMap(({ source }) => Object.entries(source?.answers ?? {})),
  );
}

/** @throws PaasError `MANIFEST_NOT_FOUND` */
export async function readFor(
  context: Context,
  source: ManifestSource,
  { prompt, acceptImages }: Pick<ManifestOptions, 'prompt'> & Pick<Reading, 'acceptImages'>,
): Promise<SourceReading> {
  const { readSource } = await import('../runtime/platform/read-source.ts');
  const ask = askOnTerminal(context, prompt);
  return readSource(source, {
    shellEnv: shellOf(context),
    // All of them are loaded only where one is misspelt.
    serviceTypes: async () =>
      (await import('../services/index.ts')).SERVICE_TYPES.map((serviceType) => serviceType.type),
    ...(ask ? { ask } : {}),
    ...(acceptImages ? { acceptImages } : {}),
  });
}

/** The failure of a manifest with errors, which carries all of them. */
export function manifestInvalid({
  file,
  diagnostics,
}: Pick<ManifestReading, 'file' | 'diagnostics'>): PaasError {
  const count = diagnostics.filter(({ severity }) => severity === 'error').length;
  return new PaasError('MANIFEST_INVALID', { file, count }, { diagnostics });
}

/** Warnings, on standard error. */
export function showDiagnostics({ terminal, cwd }: Context, diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) {
    const options = { colour: terminal.colour, relativeTo: cwd, width: terminal.width };
    terminal.err(`${renderDiagnostic(diagnostic, options)}\n`);
  }
}
