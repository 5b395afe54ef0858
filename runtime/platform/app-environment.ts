/** What the processes of one app are given: folders and environment, for running and for staging. */
import { rmSync } from 'node:fs';
import { buildEnv, flatten, type AppEnv } from '../env/build-env.ts';
import type { AppFolders, EnvVariable, InstanceFacts } from '../env/types.ts';
import { absolutePath } from '../kernel/names.ts';
import type { AppPlan, ProcessPlan } from '../plan/types.ts';
import type { Installed } from '../staging/types.ts';
import { fileNameFor, makePrivateFolder } from '../state/home.ts';
import type { AppRecord } from '../state/record.ts';
import { HOST, type AppOptions } from './app-options.ts';

const FILE_DESCRIPTORS = 16_384;

/** Which instance an environment is for. */
export interface InstancePlace {
  readonly process: ProcessPlan | undefined;
  readonly index: number;
  readonly instanceId: string;
  readonly port: number;
}

/** What a program is started with, and what its start script exports on top as shell text. */
export interface LaunchEnv {
  readonly system: Readonly<Record<string, string>>;
  readonly exports: readonly EnvVariable[];
}

export class AppEnvironment {
  readonly #options: Pick<AppOptions, 'paths' | 'space' | 'services'>;
  /** With the plan as it is run. */
  readonly #record: () => AppRecord;

  constructor(options: Pick<AppOptions, 'paths' | 'space' | 'services'>, record: () => AppRecord) {
    this.#options = options;
    this.#record = record;
  }

  get folders(): AppFolders {
    const { plan } = this.#record();
    const root = absolutePath(fileNameFor(plan.name), this.#options.paths.apps);
    return { home: plan.root, root, tmp: `${root}/tmp`, cache: `${root}/cache` };
  }

  makeFolders(): void {
    const { root, tmp, cache } = this.folders;
    for (const folder of [root, tmp, cache]) makePrivateFolder(folder);
  }

  removeTmp(): void {
    rmSync(this.folders.tmp, { recursive: true, force: true });
  }

  /** Of one instance; each variable with its origin. */
  of(place: InstancePlace, installed: Installed | undefined): AppEnv {
    const { plan, id, shellEnv, byHand } = this.#record();
    return buildEnv({
      facts: this.#facts(place),
      services: this.#options.services(plan, id),
      shellEnv,
      staging: {
        buildpack: plan.facts.buildpack,
        path: installed?.path ?? [],
        env: installed?.env ?? {},
      },
      manifestEnv: plan.manifest.env,
      setEnv: byHand.setEnv,
    });
  }

  forLaunch(place: InstancePlace, installed: Installed | undefined): LaunchEnv {
    return split(this.#record().plan, this.of(place, installed));
  }

  /** Staging and tasks have the whole environment but for what only a running instance has. */
  forOneOff(installed: Installed): LaunchEnv {
    const { plan, id } = this.#record();
    const env = this.of({ process: plan.processes[0], index: 0, instanceId: id, port: 0 }, installed);
    const running = /^(PORT|VCAP_APP_PORT|VCAP_APP_HOST|CF_INSTANCE_.*|INSTANCE_(GUID|INDEX))$/;
    return split(plan, { system: env.system.filter(({ name }) => !running.test(name)), user: env.user });
  }

  #facts({ process, index, instanceId, port }: InstancePlace): InstanceFacts {
    const { plan, id, version } = this.#record();
    const space = this.#options.space();
    return {
      appName: plan.name,
      appId: id,
      version,
      dialect: plan.dialect,
      processType: process?.type ?? 'web',
      index,
      instanceId,
      port,
      host: HOST,
      uris: plan.routes,
      memoryBytes: process?.memoryBytes ?? 0,
      diskBytes: process?.diskBytes ?? 0,
      fileDescriptors: FILE_DESCRIPTORS,
      space: { id: space.spaceId, name: this.#options.paths.name },
      organization: { id: space.organizationId, name: 'local' },
      startedAt: Date.now(),
      folders: this.folders,
    };
  }
}

/** Stackato's user variables are shell text, exported by the start script; Cloud Foundry's are literal. */
function split(plan: AppPlan, env: AppEnv): LaunchEnv {
  if (plan.dialect === 'cloud-foundry') return { system: flatten(env), exports: [] };
  return { system: flatten({ system: env.system, user: [] }), exports: env.user };
}
