/** Which language, which steps, how to start. Detection only reads; installing is a separate act. */
import type { AppManifest } from '../manifest/types.ts';
import type { Tool } from './tool-hints.ts';

/** A read-only view of an app's folder. Paths are relative, with `/`. */
export interface AppSource {
  readonly root: string;
  /** The folder it is a copy of, where it is one; else the same. What lasts is kept under this name. */
  readonly origin: string;
  hasFile(path: string): boolean;
  /** Undefined where there is no such file, or it is not a regular file, or larger than 1 MiB. */
  readText(path: string): string | undefined;
  /** Names in a folder, sorted; folders end in `/`. Empty where there is none. */
  list(folder?: string): readonly string[];
}

/** What was found in a folder. Plain JSON, the same for the same folder and manifest. */
export interface AppFacts {
  /** `python`, `node`, `static`, `binary` … */
  readonly buildpack: string;
  /** Half a sentence: `requirements.txt found`. */
  readonly because: string;
  /** Start commands by process type. */
  readonly commands: Readonly<Record<string, DetectedCommand>>;
  /** What was looked for to find a start command, in order, for the message when none is found. */
  readonly lookedFor: readonly string[];
  /** Files whose change means installing again (`requirements.txt`, `package-lock.json`, …). */
  readonly requirementFiles: readonly string[];
  /** Things the user should hear: system packages not installed, a runtime version not honoured. */
  readonly notes: readonly string[];
  /** Further buildpacks the manifest names, whose dependencies are installed first. Absent where there are none. */
  readonly supply?: readonly string[];
}

export interface DetectedCommand {
  readonly command: string;
  /** `Procfile`, `package.json scripts.start`, `wsgi.py`. */
  readonly from: string;
}

export interface InstallContext {
  readonly manifest: AppManifest;
  readonly source: AppSource;
  readonly facts: AppFacts;
  /** Private folder outside the app's, kept between pushes and shared by all apps of this home. */
  readonly cacheDir: string;
  /** Where it is noted what was installed in the app's folder; `cacheDir` unless the folder is a throw-away copy. */
  readonly notesDir?: string;
  /** The environment for tools: PATH, HOME of the user, proxies. Nothing of the app. */
  readonly toolEnv: Readonly<Record<string, string>>;
  /** True: nothing is fetched from a package index; what is not there already is an error. */
  readonly offline?: boolean;
  readonly signal: AbortSignal;
  /** One line for the staging log. */
  readonly log: (text: string, stream?: 'OUT' | 'ERR') => void;
  /** Runs a program to its end in its own group, its output going to the log; ended when `signal` aborts. */
  readonly run: RunStep;
}

export type RunStep = (step: {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Lines go to the log as well unless this is true. */
  readonly quiet?: boolean;
}) => Promise<{
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly timedOut: boolean;
}>;

/** What staging leaves for running the app. */
export interface Installed {
  /** Nothing had to be done. */
  readonly skipped: boolean;
  /** Identifies what was installed; equal means the same dependencies. */
  readonly fingerprint: string;
  /** Folders put in front of PATH. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What one language finds in a folder. */
export type Findings = Pick<AppFacts, 'commands' | 'lookedFor' | 'requirementFiles' | 'notes'>;

/** What staging runs. */
export interface Program {
  /** As it is called. */
  readonly name: string;
  /** What is installed to have it. */
  readonly tool: Tool;
}

/** Knowledge of one language. */
export interface Buildpack {
  /** What `AppFacts.buildpack` says. */
  readonly name: string;
  /** What a manifest may call it: names of Cloud Foundry's buildpacks and of Stackato's frameworks. */
  readonly aliases: readonly string[];
  /** Why this folder is of that language, in half a sentence; undefined where it is not. Only reads. */
  recognise(source: AppSource, manifest: AppManifest): string | undefined;
  /** Asked where the folder was recognised, or where the manifest names this buildpack. Only reads. */
  inspect(source: AppSource, manifest: AppManifest): Findings;
  /** Programs without which `install` fails at once, where that can be told beforehand. Only reads. */
  programs?(source: AppSource): readonly Program[];
  /**
   * Folders of what is installed that a throw-away copy of the app need not have of its own: nothing is missing in them
   * and no step of staging will change them. By the name in the copy, where they are. Only reads.
   */
  shares?(source: AppSource, manifest: AppManifest): ReadonlyMap<string, string>;
  /** @throws PaasError `STAGING_*` */
  install(context: InstallContext): Promise<Installed>;
}
