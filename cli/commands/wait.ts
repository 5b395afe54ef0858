/** `wait`: returns when apps are up, or down; for scripts that have to know. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { describeMs } from '../../runtime/platform/words.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { connectIfRunning } from '../connect.ts';
import type { CommonOptions, Context } from '../context.ts';
import { appNames } from '../which-app.ts';

export interface WaitOptions extends CommonOptions {
  readonly for: 'ready' | 'down';
  /** Milliseconds. */
  readonly timeout: number;
}

/** There may be no host yet that could tell us. */
const LOOK_MS = 50;

/** @throws PaasError `WAIT_TIMEOUT` (exit code 3) with the state each app was in */
export async function wait(
  context: Context,
  given: readonly string[],
  { for: wanted, timeout }: WaitOptions,
): Promise<number> {
  const names = await appNames(context, given);
  const until = performance.now() + timeout;
  for (;;) {
    const apps = await snapshots(context);
    const states = names.map((name) => ({ name, app: apps.find((app) => app.name === name) }));
    if (states.every(({ app }) => isSo(app, wanted))) {
      if (context.json) context.terminal.out(JSON.stringify({ apps: names, state: wanted }));
      return 0;
    }
    if (performance.now() > until) {
      const late = states.filter(({ app }) => !isSo(app, wanted));
      throw new PaasError('WAIT_TIMEOUT', {
        within: describeMs(timeout),
        waitedFor: `${late.map(({ name }) => `"${name}"`).join(', ')} to be ${wanted}`,
        seen: late
          .map(({ name, app }) => `${name} ${app ? `${app.state} (${app.reason})` : 'not in the space'}`)
          .join(', '),
      });
    }
    await sleep(LOOK_MS);
  }
}

async function snapshots(context: Context): Promise<readonly AppSnapshot[]> {
  using client = await connectIfRunning(context);
  return client ? (await client.call('snapshot', {})).apps : [];
}

function isSo(app: AppSnapshot | undefined, wanted: 'ready' | 'down'): boolean {
  if (wanted === 'ready') return app?.state === 'started';
  return app === undefined || app.state === 'stopped';
}
