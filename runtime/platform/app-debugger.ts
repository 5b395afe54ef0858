/** `push --debug`: the debugger of one instance of an app, opened at each of its starts until the next push. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Guardian } from '../../services/kit/guardian.ts';
import { takeLease } from '../../services/kit/port-lease.ts';
import { startProcess } from '../../services/kit/process.ts';
import {
  DEBUG_FILES,
  DEBUG_TEXTS,
  debugLines,
  type Debugging,
  type DebuggerKind,
} from '../env/debug-scripts.ts';
import { PaasError } from '../kernel/errors.ts';
import type { Log } from '../logs/log.ts';
import type { AppPlan, ProcessPlan } from '../plan/types.ts';
import { allocatePort, isFree } from '../ports/allocate.ts';
import { makePrivateFolder } from '../state/home.ts';
import type { AppEnvironment, LaunchEnv } from './app-environment.ts';

/** What a push asks for. */
export interface DebugRequest {
  /** Default: `web`, or the first there is. */
  readonly process?: string;
  /** Nothing of the app runs until a debugger is there. */
  readonly pause: boolean;
}

export interface AppDebuggerOptions {
  readonly log: Log;
  readonly environment: AppEnvironment;
  readonly shell: string;
  readonly guardian: Guardian;
  readonly oneOffEnv: () => LaunchEnv;
}

/** Where editors look first; `chrome://inspect` lists Node's by itself. */
const USUAL_PORTS: Readonly<Record<DebuggerKind, number>> = { node: 9229, python: 5678 };

/** Programs of a start command that are Python, or Node. */
const COMMANDS: readonly (readonly [RegExp, DebuggerKind])[] = [
  [/^(exec\s+)?(node|npm|npx|yarn|pnpm|tsx|nodemon)\b/, 'node'],
  [
    /^(exec\s+)?(python[\d.]*|gunicorn|uvicorn|hypercorn|waitress-serve|flask|celery|django-admin)\b/,
    'python',
  ],
];

export class AppDebugger {
  readonly #options: AppDebuggerOptions;
  #session: (Debugging & { readonly process: string }) | undefined;

  constructor(options: AppDebuggerOptions) {
    this.#options = options;
  }

  /** Of this instance; undefined where it is not debugged. */
  of(type: string, index: number): Debugging | undefined {
    return index === 0 && this.#session?.process === type ? this.#session : undefined;
  }

  /** To stand before the command of this instance. */
  linesFor(type: string, index: number): readonly string[] {
    const session = this.of(type, index);
    return session ? debugLines(session, this.#folder) : [];
  }

  close(): void {
    this.#session = undefined;
  }

  /**
   * From the next start on. The app is staged.
   * @throws PaasError `DEBUGGER_MISSING`, `PORTS_EXHAUSTED`
   */
  async open(plan: AppPlan, { process: wanted, pause }: DebugRequest): Promise<void> {
    const process = debugged(plan, wanted);
    const kind = debuggerKind(plan, process);
    if (kind === 'python' && !(await this.#hasDebugpy()))
      throw new PaasError('DEBUGGER_MISSING', { app: plan.name, module: 'debugpy' });
    const port = await debugPort(USUAL_PORTS[kind], this.#session?.port);
    makePrivateFolder(this.#folder);
    writeFileSync(join(this.#folder, DEBUG_FILES[kind]), DEBUG_TEXTS[kind]);
    this.#session = { process: process.type, kind, port, pause };
    for (const text of howToAttach(plan.name, this.#session))
      this.#options.log.append({ source: 'API', instance: 0, stream: 'OUT', text });
  }

  get #folder(): string {
    return join(this.#options.environment.folders.root, 'debug');
  }

  async #hasDebugpy(): Promise<boolean> {
    const { shell, environment, guardian, oneOffEnv } = this.#options;
    const look =
      'for one in python python3; do command -v $one >/dev/null && exec $one -c "import debugpy"; done; exit 1';
    const { home } = environment.folders;
    const asked = startProcess({
      file: shell,
      args: ['-c', look],
      cwd: home,
      env: oneOffEnv().system,
      guardian,
    });
    return (await asked.ended).code === 0;
  }
}

/** @throws PaasError `PROCESS_NOT_FOUND` */
function debugged({ name, processes }: AppPlan, wanted?: string): ProcessPlan {
  const found =
    processes.find(({ type }) => type === (wanted ?? 'web')) ?? (wanted ? undefined : processes[0]);
  if (found) return found;
  const known = processes.map(({ type }) => type);
  throw new PaasError('PROCESS_NOT_FOUND', { app: name, process: wanted ?? 'web', known });
}

/**
 * Whether a push can open one, asked before anything is done.
 * @throws PaasError `PROCESS_NOT_FOUND`, `DEBUGGER_UNKNOWN`
 */
export function checkDebuggable(plan: AppPlan, { process }: DebugRequest): void {
  debuggerKind(plan, debugged(plan, process));
}

function debuggerKind({ name, facts }: AppPlan, { type, command }: ProcessPlan): DebuggerKind {
  const told = COMMANDS.find(([pattern]) => pattern.test(command.trim()))?.[1];
  if (told) return told;
  if (facts.buildpack === 'node' || facts.buildpack === 'python') return facts.buildpack;
  throw new PaasError('DEBUGGER_UNKNOWN', { app: name, process: type, buildpack: facts.buildpack });
}

async function debugPort(usual: number, before: number | undefined): Promise<number> {
  for (const port of [before, usual]) {
    if (port === undefined) continue;
    const lease = await takeLease(port);
    if (lease && (await isFree(port))) return port;
    lease?.release();
  }
  return allocatePort();
}

function howToAttach(
  app: string,
  { kind, port, pause, process }: Debugging & { readonly process: string },
): string[] {
  const here = `127.0.0.1:${port}`;
  const name = `${app} (paas-local)`;
  const vscode =
    kind === 'node'
      ? { type: 'node', request: 'attach', name, address: '127.0.0.1', port, restart: true }
      : { type: 'debugpy', request: 'attach', name, connect: { host: '127.0.0.1', port } };
  const others =
    kind === 'node'
      ? [`  Chrome: chrome://inspect, with ${here} configured`, `  terminal: node inspect ${here}`]
      : [];
  return [
    `Debugger of ${process}/0 on ${here}${pause ? '; nothing of it runs until one is attached' : ''}; its health checks wait as long as you do`,
    `  VS Code, launch.json: ${JSON.stringify(vscode)}`,
    ...others,
  ];
}
