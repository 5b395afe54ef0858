/** Which files of a folder the platforms' clients upload. Pure. */
import type { Dialect } from '../../services/kit/contract.ts';
import { gitignore } from '../kernel/gitignore.ts';

/** Whether the file or folder with this relative path stays behind. Asked of a folder before what is in it. */
export type LeftBehind = (path: string, isFolder: boolean) => boolean;

/** Spec cloudfoundry 1.7: whatever `.cfignore` says. */
const NEVER_UPLOADED = [
  '/.cfignore', '.DS_Store', '.git', '.gitignore', '.hg', '.svn', '_darcs', '/manifest.yml', '/manifest.yaml',
]; // prettier-ignore

/** Spec stackato 1.11, where the manifest has no `ignores`. */
const STACKATO_DEFAULTS = [
  '.carton/', 'local/bin/', 'local/lib/', '.git/', '*.svn/', '.hg/', '*CVS/', '_FOSSIL_', '.fos', '.fslckout', '*.bzr',
  '*.cdv', '*.pc', '*RCS', '*SCCS', '*_MTN', '*_build', '*_darcs', '*_sgbak', '*autom4te.cache', '*blib', '*cover_db',
  '*~', '#*#', '*.log', '*~.dep', '*~.dot', '*~.nib', '*~.plst', '~*/',
]; // prettier-ignore

export interface UploadRules {
  readonly dialect: Dialect;
  /** `ignores` of the manifest. Undefined: the dialect's own list. */
  readonly ignores: readonly string[] | undefined;
  /** Lines of the folder's `.cfignore`. */
  readonly cfignore: readonly string[];
}

export function leftBehind({ dialect, ignores, cfignore }: UploadRules): LeftBehind {
  if (dialect === 'cloud-foundry') return gitignore([...cfignore, ...(ignores ?? []), ...NEVER_UPLOADED]);
  const rules = (ignores ?? STACKATO_DEFAULTS).flatMap(stackatoRule);
  return (path, isFolder) => rules.some((rule) => (isFolder || !rule.folders) && rule.pattern.test(path));
}

/**
 * Without a `/` inside, a glob over the whole path in which `*` crosses `/`; with one, a pattern that may begin
 * anywhere unless it is anchored by a leading `/`. A trailing `/` means folders only.
 */
function stackatoRule(line: string): { readonly pattern: RegExp; readonly folders: boolean }[] {
  const folders = line.endsWith('/');
  const text = folders ? line.slice(0, -1) : line;
  if (text === '' || text.length > 500) return [];
  const literal = (part: string): string => part.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('?', '.');
  const glob = (star: string): string => text.split(/\*+/).map(literal).join(star);
  if (!text.includes('/')) return [{ folders, pattern: new RegExp(`^${glob('.*')}$`) }];
  const body = glob('[^/]*');
  return [{ folders, pattern: new RegExp(body.startsWith('/') ? `^${body.slice(1)}` : body) }];
}
