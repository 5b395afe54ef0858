/** A service whose clients come by a relay of ours, so that outages can be made although its server is not ours. */
import type { ServiceInstance, ServiceType } from '../../services/kit/contract.ts';
import { startRelay } from '../../services/kit/relay.ts';
import { listenFailure } from '../../services/kit/ports.ts';

/**
 * @param port of the relay: what apps are told
 * @throws ServiceError `SERVICE_PORT_TAKEN`; the service is stopped then
 */
export async function behindRelay(
  instance: ServiceInstance,
  type: ServiceType,
  port: number,
): Promise<ServiceInstance> {
  const { endpoint } = instance;
  try {
    const relay = await startRelay({
      host: endpoint.host,
      port,
      target: endpoint,
      failer: type.failer?.bind(type),
    });
    return {
      endpoint: { ...endpoint, port: relay.port },
      engine: instance.engine,
      failed: instance.failed,
      get pid() {
        return instance.pid!;
      },
      stats: () => instance.stats(),
      reset: () => instance.reset(),
      ...(instance.openConsole ? { openConsole: (path: string) => instance.openConsole!(path) } : {}),
      ...(instance.contents ? { contents: () => instance.contents!() } : {}),
      ...(instance.copy ? { copy: () => instance.copy!() } : {}),
      faults: relay.faults,
      async [Symbol.asyncDispose]() {
        await relay[Symbol.asyncDispose]();
        await instance[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await instance[Symbol.asyncDispose]();
    throw listenFailure(endpoint.host, port, error);
  }
}
