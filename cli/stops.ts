/**
 * Why what is followed ends. Of an attached push it knows which apps are up: when none is any more, stopped from
 * elsewhere, it has nothing to show.
 */
import type { ControlClient } from '../runtime/control/client.ts';
import type { Context } from './context.ts';

export interface Stops {
  /** Resolves when all of them are stopped or deleted; at once where that has happened already. */
  readonly all: () => Promise<void>;
}

/**
 * To be called before the push is sent: its answer and what follows may arrive as one, so whoever listens from the
 * answer on has missed it.
 */
export function watchStops(client: ControlClient, apps: readonly string[]): Stops {
  const stopped = new Set<string>();
  let look = (): void => {};
  const shown = client.onEvent;
  client.onEvent = (event) => {
    shown(event);
    // One that somebody stopped before the push came to it is started by the push.
    if (event.kind === 'app-ready') stopped.delete(event.app);
    if (event.kind === 'app-stopped' || event.kind === 'app-deleted') stopped.add(event.app);
    look();
  };
  return {
    all: () =>
      new Promise((resolve) => {
        look = () => {
          if (apps.every((app) => stopped.has(app))) resolve();
        };
        look();
      }),
  };
}

/**
 * Resolves when the host was asked to end, by `stop --all` or by whoever shuts the machine down.
 * @throws PaasError `HOST_LOST` when it ended without a word
 */
export async function hostEnds(client: ControlClient, { terminal }: Context): Promise<void> {
  const error = await client.lost;
  if (!client.farewell) throw error;
  terminal.err('The host process was ended, and all that it ran with it');
}
