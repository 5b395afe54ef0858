/** The manifest and a host to push it to, by whichever way is quicker. */
import type { ControlClient } from '../runtime/control/client.ts';
import type { ManifestReading } from '../runtime/platform/read-source.ts';
import type { ManifestSource } from '../runtime/state/record.ts';
import { connect, connectIfRunning, type HostWishes } from './connect.ts';
import type { Context } from './context.ts';
import { readFor } from './manifest-source.ts';
import { askOnTerminal } from './render/ask.ts';
import { shellOf } from './which-app.ts';

export interface Met {
  readonly client: ControlClient;
  readonly reading: ManifestReading;
}

/**
 * A host that runs reads the manifest, since it has the reader loaded: that saves a command half its start. A host
 * that has to be started takes as long as a manifest to be read, so then both go on at once. Questions are always
 * asked from here.
 * @throws PaasError `MANIFEST_NOT_FOUND`, and those of `connect`
 */
export async function readAndConnect(
  context: Context,
  source: ManifestSource,
  options: HostWishes & { readonly prompt: boolean },
): Promise<Met> {
  const canAsk = askOnTerminal(context, options.prompt) !== undefined;
  const running = await connectIfRunning(context, options.coming);
  const connecting = running ? Promise.resolve(running) : connect(context, options);
  connecting.catch(() => {}); // told where it is awaited
  try {
    const there = await running?.call('read', { source, shellEnv: shellOf(context), canAsk });
    const reading = there?.reading ?? (await readFor(context, source, options));
    return { client: await connecting, reading };
  } catch (error) {
    connecting.then(
      (client) => client[Symbol.dispose](),
      () => {},
    );
    throw error;
  }
}
