import type { Cache } from '../cache.ts';
import type { Stat } from './stats-of.ts';

export const FIRST_LISTENER = 10;

/** `stats conns`: the listening sockets, then the connections. */
export function* connectionStats(cache: Cache): Generator<Stat> {
  for (const [at, address] of cache.network.listeners.entries()) {
    const number = FIRST_LISTENER + at;
    yield [`${number}:addr`, address];
    yield [`${number}:state`, address.startsWith('udp') ? 'conn_read' : 'conn_listening'];
    yield [`${number}:secs_since_last_cmd`, cache.store.clock.uptime];
  }
  for (const session of cache.connections) {
    const { number, transport } = session;
    yield [`${number}:addr`, transport.address];
    yield [`${number}:listen_addr`, transport.listenAddress];
    yield [`${number}:state`, session.state];
    yield [`${number}:secs_since_last_cmd`, cache.store.clock.now - session.lastRequest];
  }
}
