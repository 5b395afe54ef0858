/**
 * The configuration that the instances of a service type share, as `kato config` keeps it. A node reads it when it
 * starts: what is set meanwhile counts from the next `kato restart` on.
 */
import type { NodeConfig, NodeType, ServiceType } from '../../services/kit/contract.ts';
import type { Json } from '../../services/kit/json.ts';
import { ServiceError } from '../../services/kit/service-error.ts';
import { PaasError } from '../kernel/errors.ts';
import { suggest } from '../kernel/suggest.ts';

export interface NodesOptions {
  readonly types: readonly ServiceType[];
  /** What was set, by component. */
  readonly stored: () => Readonly<Record<string, NodeConfig>>;
  readonly save: (component: string, config: NodeConfig) => void;
}

export interface NodeSetting {
  /** Undefined when it is left out. */
  readonly value: Json | undefined;
  /** Replace a value of another type. */
  readonly force: boolean;
}

/** What `kato restart` may call a component besides its name. */
const SUFFIX = '_node';

export class Nodes {
  readonly #options: NodesOptions;
  readonly #inEffect = new Map<string, NodeConfig>();

  constructor(options: NodesOptions) {
    this.#options = options;
    for (const { node } of options.types) if (node) this.#inEffect.set(node.name, this.#configOf(node));
  }

  /** What instances of a type are started with. */
  of(type: ServiceType): NodeConfig | undefined {
    return type.node && this.#inEffect.get(type.node.name);
  }

  /** All components with what was set, or one. @throws PaasError `NODE_NOT_FOUND` */
  config(component?: string): Readonly<Record<string, NodeConfig>> {
    const nodes = component === undefined ? this.#nodes() : [this.#node(component)];
    return Object.fromEntries(nodes.map((node) => [node.name, this.#configOf(node)]));
  }

  /**
   * Sets a key, whose parts are separated by `/`, or takes it back.
   * @returns whether anything here reads it
   * @throws PaasError `NODE_NOT_FOUND`, `NODE_CONFIG_TYPE`, `NODE_CONFIG_INVALID`
   */
  set(component: string, path: string, { value, force }: NodeSetting): boolean {
    const node = this.#node(component);
    const before = this.#configOf(node);
    const present = valueAt(before, path);
    if (value !== undefined && present !== undefined && !force && kindOf(present) !== kindOf(value)) {
      throw new PaasError('NODE_CONFIG_TYPE', {
        component: node.name,
        path,
        is: kindOf(present),
        given: kindOf(value),
      });
    }
    const stored = withValue(this.#options.stored()[node.name] ?? {}, path.split('/'), value) as NodeConfig;
    check(node, { ...node.defaults, ...stored });
    this.#options.save(node.name, stored);
    return Object.hasOwn(node.defaults, path);
  }

  /** Lets what was set count. @returns the type whose instances are to be started again. @throws PaasError `NODE_NOT_FOUND` */
  restart(component: string): ServiceType {
    const node = this.#node(component);
    this.#inEffect.set(node.name, this.#configOf(node));
    return this.#options.types.find((type) => type.node === node)!;
  }

  #nodes(): readonly NodeType[] {
    return this.#options.types.flatMap(({ node }) => (node ? [node] : []));
  }

  #node(component: string): NodeType {
    const nodes = this.#nodes();
    const found = nodes.find(({ name }) => name === component || name === component + SUFFIX);
    if (found) return found;
    const known = nodes.map(({ name }) => name);
    throw new PaasError('NODE_NOT_FOUND', {
      component,
      known,
      suggestion: suggest(component, known) ?? null,
    });
  }

  #configOf(node: NodeType): NodeConfig {
    return { ...node.defaults, ...this.#options.stored()[node.name] };
  }
}

function check(node: NodeType, config: NodeConfig): void {
  try {
    node.check(config);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new PaasError('NODE_CONFIG_INVALID', { component: node.name, reason: error.message });
  }
}

/** The value at a path whose parts are separated by `/`, or undefined. */
export function valueAt(config: Json, path: string): Json | undefined {
  let value: Json | undefined = config;
  for (const part of path.split('/')) {
    if (!isMapping(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

function withValue(config: Json, [first = '', ...rest]: readonly string[], value: Json | undefined): Json {
  const inner: Json = isMapping(config) && Object.hasOwn(config, first) ? config[first]! : {};
  const next = rest.length === 0 ? value : withValue(inner, rest, value);
  const entries = Object.entries(isMapping(config) ? config : {}).filter(([key]) => key !== first);
  if (next !== undefined) entries.push([first, next]);
  return Object.fromEntries(entries) as Json;
}

function isMapping(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'list';
  return value === null ? 'null' : typeof value === 'object' ? 'mapping' : typeof value;
}
