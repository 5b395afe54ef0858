/** What the processes of one app are given: folders and environment, for running and for staging. */
import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bindingFiles } from '../env/binding-files.ts';
import { buildEnv, flatten, type AppEnv } from '../env/build-env.ts';
import { mountFolder } from '../env/vcap.ts';
import type { AppFolders, EnvVariable, InstanceFacts } from '../env/types.ts';
import { absolutePath } from '../kernel/names.ts';
import type { AppPlan, ProcessPlan } from '../plan/types.ts';
import { openAppSource } from '../staging/app-source.ts';
import { copyApp } from '../staging/copy-app.ts';
import { sharedFolders } from '../staging/stager.ts';
import type { Installed } from '../staging/types.ts';
import { fileNameFor, makePrivateFolder } from '../state/home.ts';
import { authorityFiles } from '../tls/files.ts';
import { trustVariables, writeBundles } from '../tls/trusting.ts';
import type { AppRecord } from '../state/record.ts';
import { HOST, type AppOptions } from './app-options.ts';

/** The one there is. */
export const ORGANIZATION = 'local';
const FILE_DESCRIPTORS = 16_384;
/** How the folders of copies are named, a number behind it. */
const COPY = 'app-';

/** Which instance an environment is for. */
export interface InstancePlace {
  readonly process: ProcessPlan | undefined;
  readonly index: number;
  readonly instanceId: string;
  readonly port: number;
  /** Epoch milliseconds; now, unless given. */
  readonly startedAt?: number;
}

/** What a program is started with, and what its start script exports on top as shell text. */
export interface LaunchEnv {
  readonly system: Readonly<Record<string, string>>;
  readonly exports: readonly EnvVariable[];
}

type EnvironmentOptions = Pick<AppOptions, 'paths' | 'space' | 'services' | 'foldersGoTogether'>;

export class AppEnvironment {
  readonly #options: EnvironmentOptions;
  /** With the plan as it is run. */
  readonly #record: () => AppRecord;
  #copies = 0;
  #copy: string | undefined;

  constructor(options: EnvironmentOptions, record: () => AppRecord) {
    this.#options = options;
    this.#record = record;
  }

  get folders(): AppFolders {
    const { plan } = this.#record();
    const root = absolutePath(fileNameFor(plan.name), this.#options.paths.apps);
    return { home: this.#copy ?? plan.root, root, tmp: `${root}/tmp`, cache: `${root}/cache` };
  }

  makeFolders(): void {
    const { root, tmp, cache } = this.folders;
    for (const folder of [root, tmp, cache]) makePrivateFolder(folder);
    this.#linkVolumes(root);
    this.#writeBindings();
    this.#writeTrust();
  }

  /** Apps that are reached by HTTPS reach each other by it. */
  #writeTrust(): void {
    const { tls, shellEnv } = this.#record();
    if (!tls) return;
    writeBundles(this.folders.root, authorityFiles(this.#options.paths.home).certificate, shellEnv);
  }

  /** As files, where the app has switched that on. */
  #writeBindings(): void {
    const { plan, id } = this.#record();
    const place = { dialect: plan.dialect, appName: plan.name, folders: this.folders };
    const bindings = bindingFiles(place, plan.manifest.features, this.#options.services(plan, id));
    if (!bindings) return;
    rmSync(bindings.folder, { recursive: true, force: true });
    for (const [path, text] of bindings.files) {
      const file = join(bindings.folder, path);
      makePrivateFolder(dirname(file));
      writeFileSync(file, text, { mode: 0o600 });
    }
  }

  /** Filesystem services, at the place their app is told of. */
  #linkVolumes(root: string): void {
    const { plan, id } = this.#record();
    const links = `${root}/fs`;
    rmSync(links, { recursive: true, force: true });
    for (const { name, binding } of this.#options.services(plan, id)) {
      if (!binding.volume) continue;
      makePrivateFolder(links);
      rmSync(mountFolder(root, name), { force: true });
      symlinkSync(binding.volume.folder, mountFolder(root, name));
    }
  }

  /** Copies the app's folder; from now on that copy is its home. Those who run in an earlier one go on there. */
  async copySource(signal: AbortSignal, log: (text: string) => void): Promise<void> {
    const { plan } = this.#record();
    this.#copies += 1;
    const to = `${this.folders.root}/${COPY}${this.#copies}`;
    rmSync(to, { recursive: true, force: true });
    const { dialect, manifest } = plan;
    const shared = sharedFolders(openAppSource(plan.root), manifest, plan.facts);
    await copyApp({ from: plan.root, to, dialect, ignores: manifest.ignores, shared, signal, log });
    this.#copy = to;
  }

  get hasCopy(): boolean {
    return this.#copy !== undefined;
  }

  /** Back to the app's own folder. */
  useSource(): void {
    this.#copy = undefined;
  }

  /** Removes the copies nobody runs in any more: all of them, or all but the one in use. */
  removeCopies(which: 'all' | 'old'): void {
    const { root } = this.folders;
    if (which === 'all') this.#copy = undefined;
    const kept = this.#copy;
    if (this.#copies === 0 || this.#options.foldersGoTogether()) return;
    for (const name of readdirSync(root)) {
      const path = join(root, name);
      if (name.startsWith(COPY) && path !== kept) rmSync(path, { recursive: true, force: true });
    }
  }

  removeTmp(): void {
    if (!this.#options.foldersGoTogether()) rmSync(this.folders.tmp, { recursive: true, force: true });
  }

  /** Of one instance; each variable with its origin. */
  of(place: InstancePlace, installed: Installed | undefined): AppEnv {
    const { plan, id, shellEnv, byHand, tls } = this.#record();
    const documentRoot = plan.manifest.framework?.documentRoot;
    return buildEnv({
      facts: this.#facts(place),
      services: this.#options.services(plan, id),
      shellEnv,
      ...(tls ? { trust: trustVariables(this.folders.root) } : {}),
      staging: {
        buildpack: plan.facts.buildpack,
        path: installed?.path ?? [],
        env: installed?.env ?? {},
      },
      manifestEnv: plan.manifest.env,
      ...(documentRoot === undefined ? {} : { documentRoot }),
      setEnv: byHand.setEnv,
      features: plan.manifest.features,
    });
  }

  forLaunch(place: InstancePlace, installed: Installed | undefined): LaunchEnv {
    return split(this.#record().plan, this.of(place, installed));
  }

  /** Staging and tasks have the whole environment but for what only a running instance has. */
  forOneOff(installed: Installed): LaunchEnv {
    const { plan, id } = this.#record();
    const env = this.of({ process: plan.processes[0], index: 0, instanceId: id, port: 0 }, installed);
    const running =
      /^(PORT|VCAP_APP_PORT|VCAP_APP_HOST|CF_INSTANCE_.*|INSTANCE_(GUID|INDEX)|STACKATO_HARBOR(_.*)?)$/;
    return split(plan, { system: env.system.filter(({ name }) => !running.test(name)), user: env.user });
  }

  #facts({ process, index, instanceId, port, startedAt }: InstancePlace): InstanceFacts {
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
      organization: { id: space.organizationId, name: ORGANIZATION },
      startedAt: startedAt ?? Date.now(),
      folders: this.folders,
    };
  }
}

/** Stackato's user variables are shell text, exported by the start script; Cloud Foundry's are literal. */
function split(plan: AppPlan, env: AppEnv): LaunchEnv {
  if (plan.dialect === 'cloud-foundry') return { system: flatten(env), exports: [] };
  return { system: flatten({ system: env.system, user: [] }), exports: env.user };
}
