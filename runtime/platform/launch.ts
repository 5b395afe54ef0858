/** How one instance is started: its script in the platform's shell, its environment, its sidecars. */
import { startScript } from '../env/start-script.ts';
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
}

const MIB = 1024 * 1024;

/** Its port is that of the slot. */
export function launchOf(slot: Slot, input: LaunchInput): Omit<Launch, 'port'> {
  const { plan, environment, installed, shell: file } = input;
  const env = environment.forLaunch(slot, installed);
  const { preRunning } = plan.manifest.hooks;
  const { command, memoryBytes, sidecars } = slot.process;
  const script = (started: string, hooks: typeof preRunning) => [
    '-c',
    startScript({ exports: env.exports, preRunning: hooks, command: started }),
  ];
  const taken = sidecars.reduce((sum, sidecar) => sum + (sidecar.memoryBytes ?? 0), 0);
  return {
    file,
    args: script(command, preRunning),
    cwd: plan.root,
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

function withMemory({ system }: LaunchEnv, bytes: number): LaunchEnv['system'] {
  return { ...system, MEMORY_LIMIT: `${Math.floor(bytes / MIB)}m` };
}
