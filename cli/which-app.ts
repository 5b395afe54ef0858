/** App names come from the command line, else from the manifest of the folder. */
import { PaasError } from '../runtime/kernel/errors.ts';
import { suggest } from '../runtime/kernel/suggest.ts';
import { withByHand } from '../runtime/plan/by-hand.ts';
import type { Context } from './context.ts';
import { remembered } from './remembered.ts';

export interface ManifestOptions {
  readonly manifest?: string;
  readonly path?: string;
}

/** @throws PaasError `MANIFEST_NOT_FOUND`, `MANIFEST_INVALID` */
export async function appNames(
  context: Context,
  given: readonly string[],
  options: ManifestOptions = {},
): Promise<readonly string[]> {
  if (given.length > 0) return given;
  const { readManifest } = await import('../runtime/manifest/index.ts');
  const { manifest, file } = await readManifest({
    cwd: context.cwd,
    ...(options.path === undefined ? {} : { path: options.path }),
    ...(options.manifest === undefined ? {} : { manifest: options.manifest }),
    shellEnv: shellOf(context),
  }).catch((error: unknown) => {
    if (error instanceof PaasError && error.code === 'MANIFEST_NOT_FOUND') {
      throw new PaasError('APP_NAME_NEEDED', { reason: `there is no manifest in "${context.cwd}"` });
    }
    throw error;
  });
  if (manifest) return manifest.apps.map(({ name }) => name);
  const pushed = pushedFrom(context, file);
  if (pushed.length > 0) return pushed;
  throw new PaasError('APP_NAME_NEEDED', { reason: `the manifest in "${context.cwd}" cannot be used` });
}

/** A manifest that is being edited may be broken for now: its apps are those that it declared when it was pushed. */
function pushedFrom(context: Context, file: string): readonly string[] {
  const plans = Object.values(remembered(context).apps).map(({ plan }) => plan);
  const declared = plans.filter(({ manifestFile }) => manifestFile === file);
  const here = declared.filter(({ root }) => root === context.cwd);
  return (here.length > 0 ? here : declared).map(({ name }) => name);
}

/** One app where the command needs exactly one. */
export async function oneApp(
  context: Context,
  given: string | undefined,
  options: ManifestOptions = {},
): Promise<string> {
  const names = await appNames(context, given === undefined ? [] : [given], options);
  if (names.length === 1) return names[0]!;
  throw new PaasError('APP_NAME_NEEDED', { reason: `the manifest declares ${names.join(', ')}` });
}

/** @throws PaasError `APP_NOT_FOUND` where the space does not remember it */
export function knownApp(context: Context, name: string): string {
  const record = remembered(context);
  if (record.apps[name]) return name;
  const known = Object.keys(record.apps);
  throw new PaasError('APP_NOT_FOUND', { app: name, known, suggestion: suggest(name, known) ?? null });
}

/** As the space remembers it, with what was changed by hand. @throws PaasError `APP_NOT_FOUND` */
export function rememberedApp(context: Context, name: string) {
  const record = remembered(context);
  const app = record.apps[knownApp(context, name)]!;
  return { ...app, plan: withByHand(app.plan, app.byHand), services: record.services };
}

export function shellOf(context: Context): Record<string, string> {
  return Object.fromEntries(
    Object.entries(context.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
