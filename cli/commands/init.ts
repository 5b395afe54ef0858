/** `init`: looks at the folder, proposes a manifest with comments, and writes it when told to. */
import { statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EXIT, PaasError } from '../../runtime/kernel/errors.ts';
import { absolutePath } from '../../runtime/kernel/names.ts';
import type { CommonOptions, Context } from '../context.ts';
import { confirm } from '../render/confirm.ts';

export interface InitOptions extends CommonOptions {
  readonly path?: string;
  readonly yes?: boolean;
}

const NAME = 'manifest.yml';

export async function init(context: Context, options: InitOptions): Promise<number> {
  const { terminal, json } = context;
  const folder = options.path === undefined ? context.cwd : absolutePath(options.path, context.cwd);
  await checkFolder(folder);
  const [{ proposeManifest }, { openAppSource }, { detect }, { SERVICE_TYPES }] = await Promise.all([
    import('../../runtime/manifest/propose.ts'),
    import('../../runtime/staging/app-source.ts'),
    import('../../runtime/staging/stager.ts'),
    import('../../services/index.ts'),
  ]);
  const { text, because } = proposeManifest(openAppSource(folder), {
    folderName: basename(folder),
    serviceTypes: SERVICE_TYPES.map(({ type }) => type),
    detect,
  });
  const file = join(folder, NAME);
  if (!json) {
    for (const sentence of because) terminal.err(sentence);
    terminal.out(text.trimEnd());
  }
  const wanted =
    options.yes === true || (await confirm(context, `\nWrite this to ${file}?`, 'Nothing was written'));
  if (wanted) write(file, text);
  if (json) terminal.out(JSON.stringify({ file, written: wanted, text, because }));
  else
    terminal.err(
      wanted ? `Wrote ${file}. Next: paas-local plan` : 'Not written; to write it: paas-local init --yes',
    );
  return EXIT.ok;
}

/** @throws PaasError `USAGE` */
async function checkFolder(folder: string): Promise<void> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new PaasError('USAGE', { message: `Cannot look at "${folder}": it is not a folder` });
  }
  const { manifestIn } = await import('../../runtime/manifest/find.ts');
  const existing = manifestIn(folder);
  if (existing === undefined) return;
  throw new PaasError('USAGE', {
    message: `Cannot propose a manifest: "${existing}" is there already`,
    hint: 'See what it comes to with: paas-local manifest',
  });
}

/** @throws PaasError `USAGE` where the file cannot be made; one that exists is never overwritten */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = { EEXIST: 'it exists', EACCES: 'permission denied', EROFS: 'the disk is read-only' }[
      code ?? ''
    ];
    throw new PaasError(
      'USAGE',
      { message: `Cannot write "${file}": ${reason ?? message}` },
      { cause: error },
    );
  }
}
