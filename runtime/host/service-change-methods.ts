/** What the control socket offers for service instances, made and bound by hand. */
import type { Handlers } from '../control/protocol.ts';
import type { Platform } from '../platform.ts';

type ServiceChangeMethods =
  | 'create-service'
  | 'update-service'
  | 'rename-service'
  | 'bind-service'
  | 'unbind-service';

export function serviceChangeMethods(platform: Platform): Pick<Handlers, ServiceChangeMethods> {
  const { serviceChanges, byHand } = platform;
  return {
    'create-service': async (wanted) => ({ created: serviceChanges.create(wanted) }),
    'update-service': async ({ name, ...change }) => {
      await serviceChanges.update(name, change);
      return {};
    },
    'rename-service': async ({ from, to }) => {
      await serviceChanges.rename(from, to);
      return {};
    },
    'bind-service': async ({ app, service }, connection, signal) => {
      connection.listensTo.add(app);
      const of = platform.app(app);
      const restart = of.plan.dialect === 'stackato';
      const changed = await byHand.bind(of, serviceChanges.named(service), restart, signal);
      return { app: of.snapshot(), changed, restarted: changed && restart };
    },
    'unbind-service': async ({ app, service }, connection, signal) => {
      connection.listensTo.add(app);
      const of = platform.app(app);
      const restart = of.plan.dialect === 'stackato';
      const changed = await byHand.unbind(of, serviceChanges.named(service), restart, signal);
      await platform.stopUnusedServices();
      return { app: of.snapshot(), changed, restarted: changed && restart };
    },
  };
}
