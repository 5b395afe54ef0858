/** `plan`: what a push would do, and what becomes of each key of the manifest. Starts and changes nothing. */
import { toolEnv } from '../../runtime/env/shell-env.ts';
import { EXIT, errorToJson, type PaasError } from '../../runtime/kernel/errors.ts';
import type { FoundVerdict } from '../../runtime/manifest/verdicts.ts';
import type { Preview } from '../../runtime/platform/preview.ts';
import type { SourceReading } from '../../runtime/platform/read-source.ts';
import { emptyRecord, peekRecord, type ManifestSource } from '../../runtime/state/record.ts';
import { connectIfRunning } from '../connect.ts';
import { tlsPortOption, type Context } from '../context.ts';
import { wantsTls, type PushChoices } from '../manifest-options.ts';
import { manifestInvalid, manifestSource, readFor, showDiagnostics } from '../manifest-source.ts';
import { table } from '../render/table.ts';
import { shownPath } from '../render/shown-path.ts';
import { harmless } from '../render/terminal.ts';
import { shellOf } from '../which-app.ts';

export type PlanOptions = PushChoices;

export async function plan(
  context: Context,
  names: readonly string[],
  options: PlanOptions,
): Promise<number> {
  // A plan names no ports, but promises what a push would do, and that would refuse this one.
  tlsPortOption(options.tlsPort, context.env);
  const source = manifestSource(context, names, options);
  const reading = await readFor(context, source, options);
  const preview = await previewOf(context, reading, source, options);
  const error = reading.manifest ? preview.error : manifestInvalid(reading);
  if (context.json) context.terminal.out(JSON.stringify(asJson(reading, preview, error)));
  else if (reading.manifest) show(context, reading, preview);
  if (!error) return EXIT.ok;
  if (context.json) return error.exitCode;
  throw error;
}

async function previewOf(
  context: Context,
  reading: SourceReading,
  source: ManifestSource,
  options: PlanOptions,
): Promise<Preview> {
  const [{ previewPush }, { readBinds }, { SERVICE_TYPES }] = await Promise.all([
    import('../../runtime/platform/preview.ts'),
    import('../../runtime/platform/binds.ts'),
    import('../../services/index.ts'),
  ]);
  using client = await connectIfRunning(context);
  const space = {
    record: peekRecord(context.paths.record) ?? emptyRecord(),
    snapshot: await client?.call('snapshot', {}),
    serviceTypes: SERVICE_TYPES,
    servicesFolder: context.paths.services,
    toolEnv: toolEnv(shellOf(context)),
  };
  const { manifest } = reading;
  const binds = manifest ? await readBinds(manifest, options.bind) : {};
  return previewPush(reading, source, space, {
    fromCopy: options.staged === true,
    rolling: options.strategy === 'rolling',
    bound: new Set(Object.keys(binds)),
    allowMissingServices: options.allowMissingServices === true,
    tls: wantsTls(options),
  });
}

function asJson(reading: SourceReading, preview: Preview, error: PaasError | undefined) {
  const { dialect, dialectBecause, file, diagnostics } = reading;
  const { steps, notes, keys, plan: planned } = preview;
  return {
    dialect,
    dialectBecause,
    file,
    steps,
    notes,
    keys,
    plan: planned ?? null,
    diagnostics,
    ...(error ? { error: errorToJson(error) } : {}),
  };
}

function show(context: Context, reading: SourceReading, { steps, notes, keys }: Preview): void {
  const { terminal, paths, cwd } = context;
  const { paint } = terminal;
  const say = (line: string) => terminal.out(harmless(line, terminal.colour));
  const title = (text: string) => terminal.out(`\n${paint.bold(text)}`);
  showDiagnostics(context, reading.diagnostics);
  say(
    `Plan for ${shownPath(reading.file, cwd)} in space ${paths.name} (${reading.dialect}: ${reading.dialectBecause})`,
  );
  if (steps.length > 0) {
    title('A push would:');
    for (const [index, { what, because }] of steps.entries()) {
      const reason = because === '' ? '' : `  ${paint.dim(`# ${because}`)}`;
      say(`${String(index + 1).padStart(3)}. ${what}${reason}`);
    }
  }
  for (const [app, said] of Object.entries(notes)) for (const note of said) say(`${app}: ${note}`);
  title('What becomes of each key of the manifest here:');
  for (const line of table(['verdict', 'key', 'where', 'why'], keyRows(keys, cwd))) say(line);
}

const WORDS = { honoured: 'honoured', approximated: 'approximated', ignored: 'ignored here' } as const;

/** Keys that are written several times, with the same to be said, take one row, with the first place and the number of the others. */
function keyRows(keys: readonly FoundVerdict[], cwd: string): readonly (readonly string[])[] {
  const rows = new Map<string, { readonly key: FoundVerdict; count: number }>();
  for (const key of keys) {
    const same = `${key.path}\0${key.verdict}\0${key.why}`;
    const row = rows.get(same);
    if (row) row.count++;
    else rows.set(same, { key, count: 1 });
  }
  return [...rows.values()].map(({ key: { path, verdict, why, span }, count }) => {
    const others = count > 1 ? ` and ${count - 1} more` : '';
    const place = `${shownPath(span.file, cwd)}:${span.line}:${span.column}${others}`;
    return [WORDS[verdict], path, place, why];
  });
}
