/** Every service type there is. Adding one is adding a line here; see README.md beside this file. */
import type { ServiceType } from './kit/contract.ts';
import { memcached } from './memcached/index.ts';

export const SERVICE_TYPES: readonly ServiceType[] = [memcached];
