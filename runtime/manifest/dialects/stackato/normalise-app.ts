/** One app with one spelling per key, extension keys in its `stackato` block. */
import { deepMerge } from '../../merge.ts';
import {
  get,
  isEmptyScalar,
  list,
  map,
  scalar,
  type MapNode,
  type Node,
  type ScalarNode,
} from '../../tree.ts';
import type { NormaliseContext } from './context.ts';
import { Draft } from './draft.ts';
import { readBoolean } from './reader.ts';
import { normaliseServices } from './services.ts';

export function normaliseApp(draft: Draft, context: NormaliseContext): MapNode {
  draft.prefer('mem', 'memory');
  draft.prefer('disk_quota', 'disk');
  normaliseFramework(draft);
  normaliseUrls(draft);
  const services = draft.get('services');
  if (services) draft.set('services', normaliseServices(services, context));
  const env = draft.take('env');
  if (env) {
    const inBlock = get(draft.get('stackato'), 'env');
    draft.block({
      key: env.key,
      value: inBlock ? deepMerge(wrapEach(env.value, 'default'), wrapEach(inBlock, 'default')) : env.value,
    });
  }
  draft.replaceInBlock('env', (value) => wrapEach(value, 'default'));
  draft.replaceInBlock('drain', (value) => wrapEach(value, 'url'));
  const zone = get(draft.get('stackato'), 'placementzone');
  if (zone) draft.renameInBlock('placementzone', 'placement-zone');
  return draft.node();
}

/** `{A: x}` → `{A: {default: x}}`; what is a mapping already stays. */
function wrapEach(node: Node, key: string): Node {
  if (node.kind !== 'map') return node;
  return map(
    node.entries.map((entry) =>
      entry.value.kind === 'scalar'
        ? {
            key: entry.key,
            value: map([{ key: scalar(key, entry.key.place), value: entry.value }], entry.value.place),
          }
        : entry,
    ),
    node.place,
  );
}

/** A mapping with `name`; `type` is another word for it, and the runtime stands beside the framework. */
function normaliseFramework(draft: Draft): void {
  const framework = draft.get('framework');
  if (!framework) return;
  if (framework.kind === 'scalar') {
    if (isEmptyScalar(framework)) draft.take('framework');
    else
      draft.set(
        'framework',
        map([{ key: scalar('name', framework.place), value: framework }], framework.place),
      );
    return;
  }
  if (framework.kind !== 'map') return;
  const inner = new Draft(framework);
  inner.prefer('type', 'name');
  const runtime = inner.take('runtime');
  if (runtime && !draft.has('runtime')) draft.set('runtime', runtime.value);
  const left = inner.node();
  if (left.entries.length > 0) draft.set('framework', left);
  else draft.take('framework');
}

/** `url`, `urls`, `host`, `subdomain`, `domain` and `no-route` → one list `urls`; absent only if none of them occurs. */
function normaliseUrls(draft: Draft): void {
  const urls: Node[] = [];
  let any = false;
  for (const key of ['url', 'urls'] as const) {
    const entry = draft.take(key);
    if (!entry) continue;
    any = true;
    if (entry.value.kind === 'list') urls.push(...entry.value.items);
    else if (entry.value.kind === 'scalar' && !isEmptyScalar(entry.value)) urls.push(entry.value);
  }
  const domain = textOf(draft.take('domain')?.value);
  let hosts = 0;
  for (const key of ['host', 'subdomain'] as const) {
    const host = textOf(draft.take(key)?.value);
    if (!host) continue;
    any = true;
    hosts++;
    urls.push(scalar(`${host.text}.${domain?.text ?? '${space-base}'}`, host.place));
  }
  if (domain && hosts === 0) {
    any = true;
    urls.push(scalar(`\${name}.${domain.text}`, domain.place));
  }
  const noRoute = textOf(draft.get('no-route'));
  if (noRoute && readBoolean(noRoute.text) === true) {
    any = true;
    urls.length = 0;
  }
  if (any) draft.set('urls', list(urls, urls[0]?.place ?? draft.place));
}

const textOf = (node: Node | undefined): ScalarNode | undefined =>
  node?.kind === 'scalar' && node.text !== '' ? node : undefined;
