import type { Broker } from './server.ts';

/**
 * Takes every queue and exchange of the app's virtual host away, and leaves the host itself: deleting that would cut
 * every connection. The broker is asked in its own language, which takes one start of an Erlang instead of one for
 * each of them.
 */
export async function emptyBroker({ control, address }: Broker): Promise<void> {
  const vhost = `<<"${address.vhost.replaceAll(/["\\]/g, String.raw`\$&`)}">>`;
  const by = '<<"paas-local">>';
  await control([
    '-q',
    'eval',
    [
      `lists:foreach(fun(Q) -> rabbit_amqqueue:delete(Q, false, false, ${by}) end, rabbit_amqqueue:list(${vhost}))`,
      // An exchange is a record: the second field of it is its name, the fourth of that the text.
      `lists:foreach(fun(X) -> N = element(2, X), case element(4, N) of <<>> -> ok; <<"amq.", _/binary>> -> ok; _ -> rabbit_exchange:delete(N, false, ${by}) end end, rabbit_exchange:list(${vhost}))`,
      'ok.',
    ].join(', '),
  ]);
}
