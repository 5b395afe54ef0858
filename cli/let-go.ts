/** How a push that stays in its terminal ends: what it alone holds is stopped, and of the rest it says why it runs on. */
import type { ControlClient } from '../runtime/control/client.ts';
import type { HeldElsewhere } from '../runtime/control/protocol.ts';
import { PaasError } from '../runtime/kernel/errors.ts';
import type { Context } from './context.ts';

export const runsOn = ({ app, detached }: HeldElsewhere): string =>
  `${app} runs on, ${detached ? 'for it was pushed with --detach' : 'for another terminal pushed it too'}`;

export interface Stopping {
  readonly context: Context;
  readonly signal: NodeJS.Signals;
  readonly underWay: boolean;
  readonly held: readonly HeldElsewhere[];
}

export async function stopAll(
  client: ControlClient,
  apps: readonly string[],
  { context, signal, underWay, held }: Stopping,
): Promise<void> {
  const { terminal, json } = context;
  if (signal === 'SIGHUP' || signal === 'SIGPIPE') return client[Symbol.dispose]();
  const known = new Map(held.map((one) => [one.app, one]));
  const own = apps.filter((app) => !known.has(app));
  if (!json) terminal.out(own.length > 0 ? `\nStopping ${own.join(', ')} (Ctrl-C again to kill)` : '');
  for (const app of apps.toReversed()) {
    try {
      const { stopped } = await client.call('stop', { app, lease: true });
      if (!stopped && underWay) return cutShort(client, context, signal);
      if (stopped || json) continue;
      const kept = known.get(app);
      terminal.out(
        kept
          ? `${runsOn(kept)}; to stop: paas-local stop ${app}`
          : `${app} is not stopped after all: meanwhile it was pushed from elsewhere too`,
      );
    } catch (error) {
      // Never pushed so far, or deleted from elsewhere: nothing of it is left to stop.
      if (!(error instanceof PaasError) || (error.code !== 'APP_NOT_FOUND' && error.code !== 'HOST_LOST'))
        throw error;
    }
  }
}

/** What has not answered yet ends with its connection: the host stops what it was bringing up. */
export async function cutShort(
  client: ControlClient,
  { terminal, json }: Context,
  signal: NodeJS.Signals,
): Promise<void> {
  if (!json && signal !== 'SIGHUP')
    terminal.out('\nThe push was cut short: what it was starting is stopped. What runs: paas-local apps');
  client[Symbol.dispose]();
}

/** Without grace. Who else holds one of them is known to the host alone, which leaves it be. */
export async function killAll(client: ControlClient, apps: readonly string[]): Promise<void> {
  await Promise.all(apps.map((app) => client.call('kill', { app, lease: true }).catch(() => {})));
}
