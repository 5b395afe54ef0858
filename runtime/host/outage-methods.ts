/** What the control socket offers for outages on demand. */
import type { Handlers } from '../control/protocol.ts';
import type { Platform } from '../platform.ts';

export function outageMethods(platform: Platform): Pick<Handlers, 'fault' | 'faults' | 'clear-faults'> {
  return {
    fault: async ({ target, fault, forMs }) => ({
      count: await platform.outages.apply(target, fault, forMs),
    }),
    faults: async () => ({ faults: await platform.outages.active() }),
    'clear-faults': async ({ target }) => {
      if (target === undefined) await platform.outages.clearAll();
      else await platform.outages.apply(target, { kind: 'clear' });
      return {};
    },
  };
}
