/**
 * `pre-push` hooks: run on the user's own machine by the user's own shell, before anything is staged. Theirs is the
 * environment of whoever pushes, not the app's. Spec stackato 1.10.
 */
import { statSync } from 'node:fs';
import { runToEnd } from '../../services/kit/process.ts';
import { PaasError } from '../kernel/errors.ts';
import type { AppManifest } from '../manifest/types.ts';
import { describeExit } from './words.ts';

export interface PrePush {
  readonly apps: readonly AppManifest[];
  /** Whether an app of that name is in the space already. */
  readonly exists: (name: string) => boolean;
  readonly shellEnv: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** One line, of a hook or about it. */
  readonly say: (text: string) => void;
}

/** What `STACKATO_CLIENT` says; there it is the client's path, by which hooks call it again. */
const CLIENT = 'paas-local';

/** @throws PaasError `HOOK_FAILED`; the reason of `signal` */
export async function runPrePush({ apps, exists, shellEnv, signal, say }: PrePush): Promise<void> {
  for (const app of apps) {
    // That it is not there is for the plan to say.
    if (!statSync(app.root, { throwIfNoEntry: false })?.isDirectory()) continue;
    for (const { command, ignoreFailure } of app.hooks.prePush) {
      say(`-----> ${command}`);
      const { code, signal: endedBy } = await runToEnd({
        file: shellEnv.SHELL || '/bin/sh',
        args: ['-c', command],
        cwd: app.root,
        env: {
          ...shellEnv,
          STACKATO_APP_NAME: app.name,
          STACKATO_CLIENT: CLIENT,
          STACKATO_HOOK_ACTION: exists(app.name) ? 'update' : 'create',
        },
        signal,
        onLine: (_stream, text) => say(text),
      });
      if (code === 0) continue;
      const exit = describeExit({ code, signal: endedBy });
      if (ignoreFailure) say(`${exit}, which its "-" says does not matter`);
      else throw new PaasError('HOOK_FAILED', { app: app.name, hook: 'pre-push', command, exit });
    }
  }
}
