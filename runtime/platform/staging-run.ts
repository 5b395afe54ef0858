/** Stages one app: pre-staging hooks, dependencies, post-staging hooks, each line in its log as `STG`. */
import { runToEnd } from '../../services/kit/process.ts';
import type { Guardian } from '../../services/kit/guardian.ts';
import type { EnvVariable } from '../env/types.ts';
import { hookScript } from '../env/start-script.ts';
import { PaasError } from '../kernel/errors.ts';
import type { Log } from '../logs/log.ts';
import type { HookCommand } from '../manifest/types.ts';
import type { AppPlan } from '../plan/types.ts';
import { openAppSource } from '../staging/app-source.ts';
import { install } from '../staging/stager.ts';
import type { Installed, RunStep } from '../staging/types.ts';
import { describeExit } from './words.ts';

/** A staging hook or install step may take this long at most (the platform's staging timeout). */
const STAGING_TIMEOUT_MS = 15 * 60_000;
const SHOWN_LINES = 40;

export interface StagingInput {
  readonly plan: AppPlan;
  /** Where the app's files are: its folder, or a copy of it. */
  readonly home: string;
  /** Where it is noted what was installed in that folder, if not with the cache. */
  readonly notesDir?: string;
  readonly log: Log;
  readonly cacheDir: string;
  readonly toolEnv: Readonly<Record<string, string>>;
  readonly shell: string;
  readonly guardian: Guardian;
  readonly signal: AbortSignal;
  /** The app's environment once dependencies are there: what hooks are run with. */
  readonly env: (installed: Installed) => {
    readonly system: Readonly<Record<string, string>>;
    readonly exports: readonly EnvVariable[];
  };
}

/** @throws PaasError `STAGING_*`, `HOOK_FAILED`, `CANCELLED` */
export async function stage(input: StagingInput): Promise<Installed> {
  const { plan, log, signal } = input;
  const say = (text: string, stream: 'OUT' | 'ERR' = 'OUT') =>
    log.append({ source: 'STG', instance: 0, stream, text });
  const run: RunStep = async (step) =>
    runToEnd({
      ...step,
      guardian: input.guardian,
      timeoutMs: step.timeoutMs ?? STAGING_TIMEOUT_MS,
      signal,
      ...(step.quiet ? {} : { onLine: (stream: 'OUT' | 'ERR', text: string) => say(text, stream) }),
    });
  const nothingInstalled: Installed = { skipped: true, fingerprint: '', path: [], env: {} };
  for (const note of plan.facts.notes) say(note);
  await runHooks('pre-staging', plan.manifest.hooks.preStaging, nothingInstalled);
  const installed = await install({
    manifest: plan.manifest,
    source: openAppSource(input.home, plan.root),
    facts: plan.facts,
    cacheDir: input.cacheDir,
    ...(input.notesDir === undefined ? {} : { notesDir: input.notesDir }),
    toolEnv: input.toolEnv,
    signal,
    log: say,
    run,
  });
  await runHooks('post-staging', plan.manifest.hooks.postStaging, installed);
  return installed;

  async function runHooks(hook: string, commands: readonly HookCommand[], ready: Installed): Promise<void> {
    for (const { command, ignoreFailure } of commands) {
      say(`-----> ${command}`);
      const env = input.env(ready);
      const result = await run({
        file: input.shell,
        args: ['-c', hookScript(env.exports, command)],
        cwd: input.home,
        env: env.system,
      });
      if (signal.aborted) throw new PaasError('CANCELLED', { reason: `staging of ${plan.name}` });
      if (result.code === 0) continue;
      const exit = result.timedOut
        ? `was still running after ${STAGING_TIMEOUT_MS / 60_000} minutes`
        : describeExit({ code: result.code, signal: result.signal as NodeJS.Signals | null });
      if (ignoreFailure) {
        say(`${exit}, which its "-" says does not matter`);
        continue;
      }
      const logLines = result.output
        .split('\n')
        .filter((line) => line !== '')
        .slice(-SHOWN_LINES);
      throw new PaasError('HOOK_FAILED', { app: plan.name, hook, command, exit }, { logLines });
    }
  }
}
