/** What the control socket offers for service instances: their engine's own client, and their end. */
import { randomUUID } from 'node:crypto';
import { endMarked, INSTANCE_VARIABLE } from '../../services/kit/marked.ts';
import type { Handlers } from '../control/protocol.ts';
import type { Platform } from '../platform.ts';

/** What a terminal left running when it went away gets this long after TERM. */
const GRACE_MS = 2000;

export function serviceMethods(
  platform: Platform,
): Pick<
  Handlers,
  | 'borrow-service'
  | 'delete-service'
  | 'reset-service'
  | 'take-snapshot'
  | 'restore-snapshot'
  | 'delete-snapshot'
> {
  return {
    'borrow-service': async ({ name, purpose }, connection, signal) => {
      const { program, release } = await platform.borrowService(name, purpose, signal);
      const instance = randomUUID();
      connection.whenClosed.add(async () => {
        await endMarked(INSTANCE_VARIABLE, instance, { graceMs: GRACE_MS });
        await release();
      });
      return { ...program, env: { ...program.env, [INSTANCE_VARIABLE]: instance } };
    },
    'delete-service': async ({ name }) => {
      await platform.deleteService(name);
      return {};
    },
    'reset-service': async ({ name }, _, signal) => {
      await platform.resetService(name, signal);
      return {};
    },
    'take-snapshot': async ({ service, name }) => platform.serviceSnapshots.take(service, name),
    'restore-snapshot': async ({ service, name }) => platform.serviceSnapshots.restore(service, name),
    'delete-snapshot': async ({ service, name }) => {
      await platform.serviceSnapshots.delete(service, name);
      return {};
    },
  };
}
