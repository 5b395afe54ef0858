/** Every service type there is. Adding one is adding a line here; see README.md beside this file. */
import { ADD_ONS } from './add-ons/index.ts';
import { filesystem } from './filesystem/index.ts';
import { harbor } from './harbor/index.ts';
import type { ServiceType } from './kit/contract.ts';
import { memcached } from './memcached/index.ts';
import { mongodb } from './mongodb/index.ts';
import { mysql } from './mysql/index.ts';
import { postgresql } from './postgresql/index.ts';
import { rabbitmq, rabbitmq3 } from './rabbitmq/index.ts';
import { redis } from './redis/index.ts';
import { smtp } from './smtp/index.ts';
import { userProvided } from './user-provided/index.ts';

export const SERVICE_TYPES: readonly ServiceType[] = [
  memcached,
  mysql,
  postgresql,
  redis,
  mongodb,
  rabbitmq,
  rabbitmq3,
  filesystem,
  harbor,
  smtp,
  userProvided,
  ...ADD_ONS,
];
