/**
 * What the converter does not carry, told from the effective manifest itself rather than from what was decoded of it:
 * a key is either known here to be carried or noted, or it is listed. So a key nobody thought of is listed too.
 */
import { FILE } from './dialects/stackato/keys.ts';
import { isNullCommand } from './dialects/stackato/reader.ts';
import { toJson } from './to-json.ts';
import { get, getText, isEmptyScalar, type MapNode, type Node } from './tree.ts';
import type { AppManifest } from './types.ts';

/** Keys of an app in normal form that are carried, or about which `convert.ts` writes a note of its own. */
const TOLD: ReadonlySet<string> = new Set([
  'name',
  'path',
  'command',
  'instances',
  'memory',
  'disk',
  'timeout',
  'urls',
  'no-route',
  'docker_image',
  'buildpack',
  'stack',
  'runtime',
  'framework.name',
  'depends-on',
  ...['type', 'label', 'vendor', 'plan', 'tags', 'parameters', 'credentials'].map(
    (key) => `services.*.${key}`,
  ),
  ...['default', 'hidden'].map((key) => `stackato.env.*.${key}`),
  ...['pip', 'pypm', 'cpan', 'ppm', 'ubuntu', 'redhat', 'unix'].map((key) => `stackato.requirements.${key}`),
  ...['staging', 'running'].flatMap((phase) =>
    ['ubuntu', 'redhat', 'unix'].map((key) => `stackato.requirements.${phase}.${key}`),
  ),
  ...['pre-push', 'pre-staging', 'post-staging', 'pre-running'].map((key) => `stackato.hooks.${key}`),
  ...['processes.web', 'cron', 'ignores', 'description', 'drain.*.url'].map((key) => `stackato.${key}`),
]);

/** Above the keys told: what is walked into. */
const INNER: ReadonlySet<string> = new Set(
  [...TOLD].flatMap((path) => {
    const steps = path.split('.');
    return steps.map((_, index) => steps.slice(0, index).join('.'));
  }),
);

/** A Docker image brings its own of these. */
const INSIDE_IMAGE: ReadonlySet<string> = new Set(['buildpack', 'stack', 'framework.name', 'runtime']);

/** `written` are the names of all keys in the files: the normal form adds some that nobody wrote. */
export function lossesOf(node: MapNode, app: AppManifest, written: ReadonlySet<string>): readonly string[] {
  const losses: string[] = [];
  const image = hasImage(node);
  const visit = (value: Node, path: string, shown: string): void => {
    if (isEmptyScalar(value)) return;
    if (TOLD.has(path) && !(image && INSIDE_IMAGE.has(path)) && isCarried(node, path, shown, value, app))
      return;
    if (INNER.has(path) && value.kind === 'map' && !isUnset(path, shown, app)) {
      for (const entry of value.entries) {
        const key = entry.key.text;
        if (key === 'force-war-unpacking' && !written.has(key)) continue;
        const inner = join(path, INNER.has(join(path, '*')) ? '*' : key);
        visit(entry.value, inner, path === 'stackato' ? key : join(shown, key));
      }
      return;
    }
    losses.push(`"${shown}" has no counterpart and was left out${valueOf(value, path)}`);
  };
  visit(node, '', '');
  return losses;
}

/** Keys beside the apps: those of no app, and what `${…}` was made of. */
export function lossesOfFiles(documents: readonly MapNode[]): readonly string[] {
  const losses: string[] = [];
  for (const { key, value } of documents.flatMap(({ entries }) => entries)) {
    if (key.text === 'properties' && value.kind === 'map') {
      losses.push(
        `"properties" stand where \${…} named them, and nowhere else: ${value.entries.map((entry) => entry.key.text).join(', ')}`,
      );
    } else if (key.text === 'inherit')
      losses.push('what was inherited from other files is part of this one now ("inherit")');
    else if (!FILE.keys.has(key.text))
      losses.push(`"${key.text}" has no counterpart and was left out${valueOf(value, key.text)}`);
  }
  return losses;
}

export const hasImage = (node: MapNode): boolean => imageOf(node) !== undefined;

export function imageOf(node: MapNode): string | undefined {
  const image = getText(node, 'docker_image');
  return image === undefined || image === '' || image === 'null' ? undefined : image;
}

/** The names of all keys that were written. */
export function keysIn(documents: readonly MapNode[]): ReadonlySet<string> {
  const keys = new Set<string>();
  const waiting: Node[] = [...documents];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.kind === 'list') waiting.push(...node.items);
    if (node.kind !== 'map') continue;
    for (const { key, value } of node.entries) {
      keys.add(key.text);
      waiting.push(value);
    }
  }
  return keys;
}

/** Some keys are carried only beside others, or only where no other one won. */
function isCarried(node: MapNode, path: string, shown: string, value: Node, app: AppManifest): boolean {
  const text = value.kind === 'scalar' ? value.text : '';
  switch (path) {
    case 'command':
      return text === app.processes[0]?.command;
    case 'stackato.processes.web':
      return isNullCommand(text) || text === app.processes[0]?.command;
    default:
  }
  if (!path.startsWith('services.*.')) return true;
  const [, name = '', key = ''] = /^services\.(.*)\.([^.]*)$/.exec(shown) ?? [];
  const type = app.services.find((service) => service.name === name)?.type;
  if (text === 'null') return true;
  switch (key) {
    case 'type':
    case 'label':
    case 'vendor':
      return text === type;
    case 'credentials':
      return type === 'user-provided';
    case 'tags':
      return type !== undefined;
    default:
      return type !== undefined && type !== 'user-provided';
  }
}

/** A variable with a name that no shell takes was dropped as a whole. */
const isUnset = (path: string, shown: string, app: AppManifest): boolean =>
  path === 'stackato.env.*' && !Object.hasOwn(app.env, shown.slice('env.'.length));

/** What is a secret, or may be, is named only. */
function valueOf(value: Node, path: string): string {
  if (path === 'services.*.credentials') return '';
  if (path === 'stackato.env.*' && getText(value, 'hidden') !== undefined) return '';
  if (path === 'stackato.env.*' && get(value, 'default')) return `: ${getText(value, 'default')}`;
  return `: ${value.kind === 'scalar' ? value.text : JSON.stringify(toJson(value, ({ text }) => text))}`;
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
