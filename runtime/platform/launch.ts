/** How one instance is started: its script in the platform's shell, its environment, its sidecars. */
import { hookScript, startScript } from '../env/start-script.ts';
import type { AppPlan } from '../plan/types.ts';
import type { Installed } from '../staging/types.ts';
import type { Launch } from '../supervisor/types.ts';
import type { AppEnvironment, LaunchEnv } from './app-environment.ts';
import type { Slot } from './instances.ts';

export interface LaunchInput {
  readonly plan: AppPlan;
  readonly environment: AppEnvironment;
  readonly installed: Installed | undefined;
  readonly shell: string;
  /** Shell lines right before the command. */
  readonly last: readonly string[];
}

export const NOTHING_INSTALLED: Installed = { skipped: true, fingerprint: '', path: [], env: {} };
const MIB = 1024 * 1024;

/** Its port is that of the slot. */
export function launchOf(slot: Slot, input: LaunchInput): Omit<Launch, 'port'> {
  const { plan, environment, installed, shell: file } = input;
  const env = environment.forLaunch(slot, installed);
  const { preRunning } = plan.manifest.hooks;
  const { command, memoryBytes, sidecars } = slot.process;
  const script = (started: string, hooks: typeof preRunning, last: readonly string[] = []) => [
    '-c',
    startScript({ dialect: plan.dialect, exports: env.exports, preRunning: hooks, command: started, last }),
  ];
  const taken = sidecars.reduce((sum, sidecar) => sum + (sidecar.memoryBytes ?? 0), 0);
  return {
    file,
    args: script(command, preRunning, input.last),
    cwd: environment.folders.home,
    // Stackato's apps listen on VCAP_APP_HOST, which is loopback here and not there.
    toldHost: plan.dialect === 'stackato',
    // What sidecars take is taken from the process.
    env: withMemory(env, memoryBytes - taken),
    sidecars: sidecars.map((sidecar) => ({
      name: sidecar.name,
      file,
      args: script(sidecar.command, []),
      env: withMemory(env, sidecar.memoryBytes ?? memoryBytes - taken),
      ...(sidecar.memoryBytes === undefined ? {} : { memoryLimitBytes: sidecar.memoryBytes }),
    })),
  };
}

/** A program of the user's choice with what the app has: its folder and environment, but no port. */
export function commandOf(
  argv: readonly string[],
  { environment, installed, shell: file }: Omit<LaunchInput, 'plan' | 'last'>,
): Omit<Launch, 'port'> {
  const { system, exports } = environment.forOneOff(installed ?? NOTHING_INSTALLED);
  return {
    file,
    args: ['-c', hookScript(exports, 'exec "$@"'), file, ...argv],
    cwd: environment.folders.home,
    env: system,
  };
}

function withMemory({ system }: LaunchEnv, bytes: number): LaunchEnv['system'] {
  return { ...system, MEMORY_LIMIT: `${Math.floor(bytes / MIB)}m` };
}
