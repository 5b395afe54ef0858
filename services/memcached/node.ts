import type { NodeType } from '../kit/contract.ts';
import { readNode, whole } from './options.ts';

const CAPACITY_MAX = 10_000;

/** The platform's `memcached_node`, with the values it was shipped with. */
export const node: NodeType = {
  name: 'memcached_node',
  defaults: { capacity: 50, max_clients: 500, memcached_memory: 16, sasl_enabled: false },
  check(config) {
    readNode(config);
    this.capacity(config);
  },
  capacity: (config) => whole(config.capacity, 'capacity', 1, CAPACITY_MAX),
};
