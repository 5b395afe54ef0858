/** From the address of a request to the file it names. The address is hostile; nothing outside of the root is named. */
import { realpathSync, statSync, type Stats } from 'node:fs';
import { join, sep } from 'node:path';

export type Found =
  | { readonly kind: 'file'; readonly path: string; readonly stats: Stats }
  | { readonly kind: 'folder'; readonly path: string }
  /** A folder named without its slash: links in its page would lead astray. */
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'malformed' };

/**
 * @param root a real path
 * @param target the request's target: `/a%20b/?c=d`
 */
export function findFile(root: string, target: string, dotFiles: boolean): Found {
  const [raw, query] = splitQuery(target);
  const path = decoded(raw);
  if (path === undefined || !path.startsWith('/')) return { kind: 'malformed' };
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) return { kind: 'malformed' };
  if (!dotFiles && segments.some((segment) => segment.startsWith('.'))) return { kind: 'nothing' };
  const found = look(root, segments);
  if (!found) return { kind: 'nothing' };
  if (found.stats.isFile()) return path.endsWith('/') ? { kind: 'nothing' } : { kind: 'file', ...found };
  if (!found.stats.isDirectory()) return { kind: 'nothing' };
  if (!path.endsWith('/')) {
    // Made of the segments, so that "//elsewhere" cannot become an address of another host.
    return { kind: 'redirect', location: `/${segments.map(encodeURIComponent).join('/')}/${query ?? ''}` };
  }
  const index = look(root, [...segments, 'index.html']);
  return index?.stats.isFile() ? { kind: 'file', ...index } : { kind: 'folder', path: found.path };
}

function splitQuery(target: string): readonly [string, string | undefined] {
  const at = target.indexOf('?');
  return at === -1 ? [target, undefined] : [target.slice(0, at), target.slice(at)];
}

function decoded(path: string): string | undefined {
  try {
    const text = decodeURIComponent(path);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

/** What lies there, links followed, unless they lead out of the root. */
function look(root: string, segments: readonly string[]): { path: string; stats: Stats } | undefined {
  try {
    const path = realpathSync.native(join(root, ...segments));
    if (path !== root && !path.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    return { path, stats: statSync(path) };
  } catch {
    return undefined;
  }
}
