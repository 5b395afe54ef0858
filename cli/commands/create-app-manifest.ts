/** `create-app-manifest`: writes an app as it is run, changes by hand included, as a manifest of Cloud Foundry. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PaasError } from '../../runtime/kernel/errors.ts';
import type { CommonOptions, Context } from '../context.ts';
import { oneApp, rememberedApp } from '../which-app.ts';

export interface CreateAppManifestOptions extends CommonOptions {
  readonly path?: string;
  readonly force?: boolean;
}

export async function createAppManifest(
  context: Context,
  given: string | undefined,
  options: CreateAppManifestOptions,
): Promise<number> {
  const { terminal, json, cwd, paths } = context;
  const app = await oneApp(context, given);
  const { plan, byHand } = rememberedApp(context, app);
  const { manifestOf } = await import('../../runtime/plan/to-manifest.ts');
  const manifest = await manifestOf(plan, byHand.setEnv);
  const file = resolve(cwd, options.path ?? `${app.replaceAll('/', '_')}_manifest.yml`);
  if (!json)
    terminal.out(`Creating an app manifest from current settings of app ${app} in space ${paths.name}...`);
  write(file, manifest, options.force === true);
  if (json) terminal.out(JSON.stringify({ app, path: file, manifest }));
  else terminal.out(`Manifest file created successfully at ${file}\nOK`);
  return 0;
}

/** @throws PaasError `USAGE` */
function write(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new PaasError('USAGE', {
      message: `Cannot write "${file}": ${code === 'EEXIST' ? 'it is there already' : message}`,
      hint:
        code === 'EEXIST' ? 'Replace it with -f, or name another file with -p' : 'Name another file with -p',
    });
  }
}
