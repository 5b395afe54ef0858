/**
 * Plan and endpoints → the app's environment, each variable with its origin. Pure: no clock, no disk, no shell.
 *
 * Order, later wins: shell allowlist, staging, system variables, the user's. In the Cloud Foundry dialect the
 * system ones that the launcher sets after the app's (`HOME`, `TMPDIR`, `MEMORY_LIMIT`, `DATABASE_URL` of a
 * binding) win over the user's, as there.
 */
import { basename, join } from 'node:path';
import type { EnvRequest } from '../manifest/types.ts';
import type { BoundService, EnvVariable, InstanceFacts } from './types.ts';
import { bindingFiles, type Features } from './binding-files.ts';
import { namedVariables } from './named-variables.ts';
import { urlVariables } from './url-variables.ts';
import { stackatoServices, vcapApplication, vcapServices } from './vcap.ts';

export interface EnvInput {
  readonly facts: InstanceFacts;
  readonly services: readonly BoundService[];
  /** The allowlisted part of the pushing shell's. */
  readonly shellEnv: Readonly<Record<string, string>>;
  /** Variables by which the local certificate authority is trusted, beside what the shell's trust. */
  readonly trust?: Readonly<Record<string, string>>;
  readonly staging: {
    readonly buildpack: string;
    readonly path: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  readonly manifestEnv: Readonly<Record<string, EnvRequest>>;
  readonly setEnv: Readonly<Record<string, string>>;
  /** Switched on or off by the manifest. */
  readonly features?: Features;
  /** `framework.document-root`: the web root below the app's home. */
  readonly documentRoot?: string;
}

export interface AppEnv {
  /** What the process is started with, before the user's variables. */
  readonly system: readonly EnvVariable[];
  /** Shell text in the Stackato dialect (expanded at start), literal in Cloud Foundry's. */
  readonly user: readonly EnvVariable[];
}

const MIB = 1024 * 1024;
/** Set by Cloud Foundry's launcher after the app's own variables. */
const CLOUD_FOUNDRY_FINAL = new Set(['HOME', 'TMPDIR', 'DEPS_DIR', 'MEMORY_LIMIT']);

export function buildEnv(input: EnvInput): AppEnv {
  const { facts, services } = input;
  const own = (variables: Readonly<Record<string, string>>, origin = 'paas-local'): EnvVariable[] =>
    Object.entries(variables).map(([name, value]) => ({ name, value, origin }));
  const path = [...input.staging.path, input.shellEnv.PATH ?? ''].join(':');
  const files = bindingFiles(facts, input.features ?? {}, services);
  const system = lastWins([
    ...own(input.shellEnv, 'shell'),
    ...own(input.trust ?? {}, 'push --tls'),
    ...own(toolVariables(facts)),
    ...own(input.staging.env, `${input.staging.buildpack} buildpack`),
    ...(input.staging.path.length > 0 ? own({ PATH: path }, `${input.staging.buildpack} buildpack`) : []),
    ...own(commonVariables(facts)),
    ...own(facts.dialect === 'stackato' ? stackatoVariables(input) : cloudFoundryVariables(facts)),
    ...own({
      VCAP_APPLICATION: JSON.stringify(vcapApplication(facts)),
      ...(files ? {} : { VCAP_SERVICES: JSON.stringify(vcapServices(facts, services)) }),
      ...(files ? {} : { STACKATO_SERVICES: JSON.stringify(stackatoServices(facts, services)) }),
    }),
    ...(files ? [files.variable] : []),
    ...urlVariables(facts.dialect, services),
    ...namedVariables(facts, services),
  ]);
  return { system, user: userVariables(input, system) };
}

/** The whole environment as one mapping, the user's values literal: what Cloud Foundry gives, and what `exec` needs. */
export function flatten(env: AppEnv): Record<string, string> {
  return Object.fromEntries([...env.system, ...env.user].map(({ name, value }) => [name, value]));
}

function userVariables(input: EnvInput, system: readonly EnvVariable[]): readonly EnvVariable[] {
  const user = lastWins([
    ...Object.entries(input.manifestEnv).map(([name, request]) => ({
      name,
      value: request.value,
      origin:
        request.origin === 'manifest'
          ? `${basename(request.span.file)}:${request.span.line}:${request.span.column}`
          : request.origin,
      ...(request.hidden ? { hidden: true } : {}),
    })),
    ...Object.entries(input.setEnv).map(([name, value]) => ({ name, value, origin: 'set-env' })),
  ]);
  if (input.facts.dialect === 'stackato') return user;
  const boundDatabase = system.some(({ name }) => name === 'DATABASE_URL');
  return user.filter(
    ({ name }) => !CLOUD_FOUNDRY_FINAL.has(name) && !(name === 'DATABASE_URL' && boundDatabase),
  );
}

/** Keeps tools that write below HOME out of the app's folder, and Python's output from being held back. */
function toolVariables({ folders }: InstanceFacts): Record<string, string> {
  return {
    XDG_CACHE_HOME: folders.cache,
    npm_config_cache: `${folders.cache}/npm`,
    npm_config_update_notifier: 'false',
    PYTHONPYCACHEPREFIX: `${folders.cache}/pycache`,
    PYTHONUNBUFFERED: '1',
  };
}

function commonVariables(facts: InstanceFacts): Record<string, string> {
  const port = String(facts.port);
  return {
    HOME: facts.folders.home,
    PWD: facts.folders.home,
    TMPDIR: facts.folders.tmp,
    PORT: port,
    VCAP_APP_PORT: port,
    VCAP_APP_HOST: facts.host,
    MEMORY_LIMIT: `${Math.floor(facts.memoryBytes / MIB)}m`,
    CF_INSTANCE_INDEX: String(facts.index),
    CF_INSTANCE_GUID: facts.instanceId,
    CF_INSTANCE_IP: facts.host,
    CF_INSTANCE_INTERNAL_IP: facts.host,
    CF_INSTANCE_PORT: port,
    CF_INSTANCE_ADDR: `${facts.host}:${port}`,
    CF_INSTANCE_PORTS: JSON.stringify([{ external: facts.port, internal: facts.port }]),
    INSTANCE_GUID: facts.instanceId,
    INSTANCE_INDEX: String(facts.index),
  };
}

function cloudFoundryVariables({ folders }: InstanceFacts): Record<string, string> {
  return { DEPS_DIR: `${folders.root}/deps` };
}

/** Spec stackato 3. */
function stackatoVariables({ facts, manifestEnv, setEnv, documentRoot }: EnvInput): Record<string, string> {
  const upperCase = facts.appName.toUpperCase().replaceAll('-', '_');
  const logs = `${facts.folders.root}/logs`;
  return {
    STACKATO_APP_NAME: facts.appName,
    STACKATO_APP_NAME_UPCASE: upperCase,
    STACKATO_APP_ROOT: facts.folders.root,
    STACKATO_DOCUMENT_ROOT: join(facts.folders.home, documentRoot ?? '.'),
    STACKATO_APP_ENV: [...new Set([...Object.keys(manifestEnv), ...Object.keys(setEnv)])].join(' '),
    STACKATO_LOG_FILES: `stdout=${logs}/stdout.log:stderr=${logs}/stderr.log`,
  };
}

function lastWins(variables: readonly EnvVariable[]): EnvVariable[] {
  return [...new Map(variables.map((variable) => [variable.name, variable])).values()];
}
