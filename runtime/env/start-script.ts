/**
 * The shell text a process is started with, as the platforms do it: user variables (Stackato: shell text in double
 * quotes, after the system ones), profile scripts, pre-running hooks in the same shell, then the command.
 * Spec stackato 1.6, 1.10 and 3; spec cloudfoundry 2.6. Pure.
 */
import type { Dialect, HookCommand } from '../manifest/types.ts';
import type { EnvVariable } from './types.ts';

export interface StartScriptInput {
  readonly dialect: Dialect;
  /** Exported as shell text; empty in the Cloud Foundry dialect, where values are literal. */
  readonly exports: readonly EnvVariable[];
  readonly preRunning: readonly HookCommand[];
  readonly command: string;
  /** Shell lines right before the command. */
  readonly last?: readonly string[];
}

/** To be run in the app's folder. */
export function startScript({ dialect, exports, preRunning, command, last = [] }: StartScriptInput): string {
  return [
    ...exportLines(exports),
    ...PROFILE_SCRIPTS[dialect],
    ...preRunning.map(hook),
    // Cloud Foundry's launcher goes on wherever the profile scripts went.
    ...(dialect === 'stackato' ? ['cd "$HOME"', 'unset OLDPWD'] : []),
    ...last,
    `exec "\${BASH:-/bin/sh}" -c ${literal(command)}`,
  ].join('\n');
}

/** One staging hook: a fresh shell in the app's folder with the same environment. */
export function hookScript(exports: readonly EnvVariable[], command: string): string {
  return [...exportLines(exports), 'cd "$HOME"', `eval ${literal(command)}`].join('\n');
}

/** One `export` each, for names a shell can have. */
export function exportLines(exports: readonly EnvVariable[]): readonly string[] {
  return exports
    .filter(({ name }) => SHELL_NAME.test(name))
    .map(({ name, value }) => `export ${name}=${shellText(value)}`);
}

const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Cloud Foundry's launcher sources every file of `.profile.d` whatever its name (but hidden ones), then `.profile`;
 * Stackato's start script took `*.sh` alone.
 */
const PROFILE_SCRIPTS: Readonly<Record<Dialect, readonly string[]>> = {
  'cloud-foundry': profileLoop('./.profile.d/* ./.profile'),
  stackato: profileLoop('"$HOME"/.profile.d/*.sh "$HOME"/.profile'),
};

function profileLoop(files: string): readonly string[] {
  return [
    `for paas_local_profile in ${files}; do`,
    '  if [ -f "$paas_local_profile" ]; then . "$paas_local_profile"; fi',
    'done',
    'unset paas_local_profile',
  ];
}

/** Hooks run by `eval`, so that an export or a `cd` stays and a syntax error is a failure of that hook alone. */
function hook({ command, ignoreFailure }: HookCommand): string {
  const announce = `printf '%s\\n' ${literal(`-----> ${command}`)}`;
  if (ignoreFailure) return `${announce}\neval ${literal(command)} || true`;
  const failure = literal(`pre-running hook failed: ${command}`);
  return `${announce}\neval ${literal(command)} || { paas_local_status=$?; printf '%s\\n' ${failure} >&2; exit "$paas_local_status"; }`;
}

/**
 * Double quotes: `$HOME`, `$(cmd)` and back-ticks expand, as on the platform. Only quotes are escaped, and the
 * backslashes that would otherwise swallow a quote.
 */
export function shellText(value: string): string {
  const text = value.replace(
    /(\\*)("|$)/g,
    (_, slashes: string, end: string) => slashes + slashes + (end && `\\${end}`),
  );
  return `"${text}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
