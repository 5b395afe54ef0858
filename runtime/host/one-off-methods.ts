/** What the control socket offers for commands beside an app's instances: tasks, and programs a terminal runs itself. */
import { randomUUID } from 'node:crypto';
import { endMarked, INSTANCE_VARIABLE } from '../../services/kit/marked.ts';
import type { Handlers } from '../control/protocol.ts';
import type { Platform } from '../platform.ts';

type OneOffMethods = 'run-task' | 'tasks' | 'terminate-task' | 'borrow';

/** What a terminal left running when it went away gets this long after TERM. */
const GRACE_MS = 2000;

export function oneOffMethods(platform: Platform): Pick<Handlers, OneOffMethods> {
  return {
    'run-task': async ({ app, task, wait }, connection, signal) => {
      connection.listensTo.add(app);
      const of = platform.app(app);
      const started = await platform.tasks.run(of, task, signal);
      return { task: wait ? await platform.tasks.ended(of, started.sequence) : started };
    },
    tasks: async ({ app }) => ({ tasks: platform.tasks.of(platform.app(app)) }),
    'terminate-task': async ({ app, task }) => ({
      task: await platform.tasks.terminate(platform.app(app), task),
    }),
    borrow: async ({ app, instance: like }, connection, signal) => {
      connection.listensTo.add(app);
      const borrowed = await platform.borrow(app, signal, like);
      const instance = randomUUID();
      connection.whenClosed.add(async () => {
        await endMarked(INSTANCE_VARIABLE, instance, { graceMs: GRACE_MS });
        await borrowed.release();
      });
      const { shell, root, env, exports, dialect } = borrowed;
      return { dialect, shell, root, env: { ...env, [INSTANCE_VARIABLE]: instance }, exports };
    },
  };
}
