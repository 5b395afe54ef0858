import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { InstallContext } from '../types.ts';
import type { Needs } from './needs.ts';
import type { Project } from './project.ts';
import { requirementLines } from './requirements.ts';

/** The installer's arguments. Lines that are not in a file of the app are written to one of ours. */
export async function requirementArguments(
  context: InstallContext,
  { requirements, added }: Needs,
  project: Project | undefined,
  folder: string,
): Promise<readonly string[]> {
  const { root } = context.source;
  const listed = requirements.listed.map((line) => againstRoot(line, root));
  const ours = [...(project?.requirements ?? []), ...listed, ...added];
  const args = requirements.files.flatMap((file) => ['-r', join(root, file)]);
  if (ours.length > 0) {
    const file = join(folder, 'requirements.txt');
    await writeFile(file, `${ours.join('\n')}\n`);
    args.push('-r', file);
  }
  if (project && project.constraints.length > 0) {
    const file = join(folder, 'constraints.txt');
    await writeFile(file, `${project.constraints.join('\n')}\n`);
    args.push('-c', file);
  }
  return args;
}

/** Our file lies elsewhere, so a path in a line of the manifest is made absolute. */
function againstRoot(line: string, root: string): string {
  const [only = ''] = requirementLines(line);
  const [, option = '', path] =
    /^((?:-r|-c|-e|--requirement|--constraint|--editable)[\s=]+)?(\.{0,2}\/\S*|\.{1,2}|[\w./-]+\.txt)$/.exec(
      only,
    ) ?? [];
  return path === undefined ? only : `${option}${resolve(root, path)}`;
}
