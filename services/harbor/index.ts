/** A port of an app's own besides HTTP: TCP, UDP or both, passed on to where the app listens. */
import type {
  Binding,
  Dialect,
  Endpoint,
  ServiceContext,
  ServiceInstance,
  ServiceType,
} from '../kit/contract.ts';
import { uuidIdentity } from '../kit/identity.ts';
import { neverFails } from '../kit/instance.ts';
import { offering } from '../kit/offering.ts';
import { noOptions } from '../kit/options.ts';
import { freePort } from '../kit/ports.ts';
import { Scope } from '../kit/scope.ts';
import { listenTcp } from './tcp.ts';
import { listenUdp } from './udp.ts';

const VERSIONS = ['1.0'] as const;

export const harbor: ServiceType<undefined> = {
  type: 'harbor',
  noRelay: true,
  versions: VERSIONS,
  summary: 'TCP or UDP port of an app, by the name of the service: udp…, both-…',
  readOptions: noOptions,
  mint: uuidIdentity,
  start,
  bind,
};

/** By the service's name, as on the platform: `udp…` is UDP, `multi-…` and `both-…` are both, all others TCP. */
export function protocolsOf(serviceName: string): readonly ('tcp' | 'udp')[] {
  if (/^(multi|both)-/.test(serviceName)) return ['tcp', 'udp'];
  return serviceName.startsWith('udp') ? ['udp'] : ['tcp'];
}

function bind({ host, port, name, details }: Endpoint, dialect: Dialect): Binding {
  const inner = typeof details?.int_port === 'number' ? details.int_port : port;
  const credentials = { hostname: host, host, port, name, node_id: 'harbor_node_1', int_port: inner };
  const kinds = { stackato: ['Persistent external ports service'], 'cloud-foundry': [] };
  return {
    ...offering(dialect, 'harbor', VERSIONS.at(-1)!, kinds),
    credentials,
    ...(dialect === 'stackato' ? { named: { variable: 'STACKATO_HARBOR', value: String(inner) } } : {}),
  };
}

async function start(_: undefined, context: ServiceContext): Promise<ServiceInstance> {
  context.signal?.throwIfAborted();
  const { host, user, password, name, log, serviceName, details } = context;
  const scope = new Scope();
  const figures = { connections: 0, datagrams: 0, refused: 0 };
  try {
    const protocols = protocolsOf(serviceName);
    const inner = typeof details?.int_port === 'number' ? details.int_port : await freePort(host, false);
    let { port } = context;
    const pass = { host, inner, figures };
    if (protocols.includes('tcp')) {
      const tcp = scope.use(await listenTcp({ ...pass, port }));
      port = tcp.port;
    }
    if (protocols.includes('udp')) {
      const udp = scope.use(await listenUdp({ ...pass, port }));
      port = udp.port;
    }
    const what = protocols.join(' and ').toUpperCase();
    if (serviceName.endsWith('https')) log('TLS is not added here: the app is passed what comes');
    log(`${what} port ${host}:${port} leads to port ${inner}, where the app is to listen`);
    return {
      endpoint: { host, port, user, password, name, details: { int_port: inner } },
      engine: `${what}, passed on to port ${inner}`,
      failed: neverFails(),
      stats: async () => ({ ...figures }),
      reset: async () => {},
      [Symbol.asyncDispose]: () => scope.close(),
    };
  } catch (error) {
    await scope.close();
    throw error;
  }
}
