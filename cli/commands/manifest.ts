/** `manifest`: what the manifest comes to, after merging, inheritance and substitution. */
import { dirname } from 'node:path';
import { EXIT, errorToJson, PaasError } from '../../runtime/kernel/errors.ts';
import type { SourceReading } from '../../runtime/platform/read-source.ts';
import type { Dialect } from '../../runtime/manifest/types.ts';
import type { Context } from '../context.ts';
import type { ManifestOptions, OverrideOptions } from '../manifest-options.ts';
import { manifestInvalid, manifestSource, readFor, showDiagnostics } from '../manifest-source.ts';

export interface ManifestCommandOptions extends ManifestOptions, OverrideOptions {
  readonly to?: Dialect;
}

export async function manifest(
  context: Context,
  names: readonly string[],
  options: ManifestCommandOptions,
): Promise<number> {
  const { terminal, json } = context;
  const reading = await readFor(context, manifestSource(context, names, options), {
    prompt: options.prompt,
    // Nothing is run, so an image is a value like any other.
    acceptImages: options.to !== undefined,
  });
  const text = reading.manifest ? await textOf(reading, options.to) : undefined;
  if (json) terminal.out(JSON.stringify(asJson(reading, options.to === undefined ? {} : { text })));
  else if (text === undefined) throw manifestInvalid(reading);
  else {
    showDiagnostics(context, reading.diagnostics);
    terminal.err(`Using manifest file "${reading.file}" (${reading.dialect}: ${reading.dialectBecause})`);
    terminal.out(text.trimEnd());
  }
  return reading.manifest ? EXIT.ok : EXIT.usage;
}

/** @throws PaasError `USAGE` where there is no way from the one dialect to the other */
async function textOf(
  { manifest: read, effective, documents, dialect, file }: SourceReading,
  to: Dialect | undefined,
): Promise<string | undefined> {
  if (!read || !effective) return undefined;
  if (to === undefined || to === dialect) {
    return (await import('../../runtime/manifest/print.ts')).printManifest(effective, dialect);
  }
  if (to === 'stackato') {
    throw new PaasError('USAGE', {
      message: `Cannot convert "${file}" to Stackato: only the way from Stackato to Cloud Foundry is known`,
      hint: 'Leave out --to; "paas-local push" reads either dialect',
    });
  }
  const { convertToCloudFoundry } = await import('../../runtime/manifest/convert.ts');
  return (await convertToCloudFoundry({ manifest: read, effective, documents }, dirname(file))).text;
}

function asJson(reading: SourceReading, converted: { readonly text?: string | undefined }) {
  const { dialect, dialectBecause, file, manifest: read, diagnostics } = reading;
  return {
    dialect,
    dialectBecause,
    file,
    files: read?.files ?? [file],
    apps: read?.apps ?? [],
    diagnostics,
    ...converted,
    ...(read ? {} : { error: errorToJson(manifestInvalid({ file, diagnostics: [] })) }),
  };
}
