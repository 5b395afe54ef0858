/** Dependencies of an app that has a project file instead of a requirement file. */
import { PaasError } from '../../kernel/errors.ts';
import type { InstallContext } from '../types.ts';
import { askPython } from './ask.ts';
import type { Interpreter } from './interpreter.ts';
import type { Needs } from './needs.ts';
import type { PythonRequirements } from './requirements.ts';
import { READ_PROJECT } from './scripts.ts';

export interface Project {
  readonly requirements: readonly string[];
  /** Exact versions of its lock file: `django==5.2.1`. */
  readonly constraints: readonly string[];
}

/**
 * What Pipfile or pyproject.toml asks for. Undefined where requirement files count instead.
 * @throws PaasError `STAGING_FAILED`
 */
export async function readProject(
  context: InstallContext,
  interpreter: Interpreter,
  { project }: PythonRequirements,
): Promise<Project | undefined> {
  if (!project) return undefined;
  const args = [project.path, project.lock ?? ''];
  const { code, answer } = await askPython(
    context,
    interpreter.file,
    READ_PROJECT,
    args,
    context.source.root,
  );
  if (code === 0) return JSON.parse(answer) as Project;
  throw new PaasError('STAGING_FAILED', {
    app: context.manifest.name,
    message: `${args.filter(Boolean).join(' and ')} cannot be read: ${answer}`,
    hint: /tomli/.test(answer)
      ? `Python ${interpreter.version.join('.')} cannot read TOML: use Python 3.11 or newer, or write a requirements.txt`
      : 'Correct it, or write a requirements.txt, which is read instead',
  });
}

/** All that is needed as plain requirements; undefined where some of it is more than that. */
export function plainRequirements(needs: Needs, project: Project | undefined): readonly string[] | undefined {
  if (!needs.requirements.project) {
    return needs.requirements.plain && [...needs.requirements.plain, ...needs.added];
  }
  // A lock pins exact versions, which a system's packages match by accident only.
  if (
    !project ||
    project.constraints.length > 0 ||
    project.requirements.some((line) => / @ |^\.|\//.test(line))
  ) {
    return undefined;
  }
  return [...project.requirements, ...needs.requirements.listed, ...needs.added];
}
