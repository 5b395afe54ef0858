/** Every service type there is. Adding one is adding a line here; see README.md beside this file. */
import type { ServiceType } from './kit/contract.ts';
import { memcached } from './memcached/index.ts';
import { mysql } from './mysql/index.ts';
import { postgresql } from './postgresql/index.ts';
import { redis } from './redis/index.ts';

export const SERVICE_TYPES: readonly ServiceType[] = [memcached, mysql, postgresql, redis];
