/**
 * The one table of expected failures. A code maps to its sentence, its next step and its exit code;
 * a throw without a code is a bug of ours and prints a stack.
 * Sentences: name the action that failed, quote strings, no full stop; the hint says what to do next.
 */
import type { Json } from '../../services/kit/json.ts';
import type { Diagnostic } from './diagnostics.ts';

/** What the process exits with. 130 and 143 are for signals. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  notReady: 3,
  service: 4,
  port: 5,
} as const;

export type Facts = Readonly<Record<string, Json>>;

interface ErrorEntry {
  readonly exit: number;
  readonly message: (facts: Facts) => string;
  readonly hint?: (facts: Facts) => string | undefined;
}

const text = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
const list = (value: Json | undefined): readonly string[] => (Array.isArray(value) ? value.map(text) : []);
const given = (prefix: string, value: Json | undefined): string =>
  value === undefined || value === null || value === '' ? '' : prefix + text(value);

/**
 * `startedBy` says who started the platform, where it was no push: `exec` has fewer flags, code has none, and what they
 * started is gone when the message is read.
 */
const words = <Words>(
  f: Facts,
  of: { readonly push: Words; readonly exec: Words; readonly code: Words },
): Words => of[f.startedBy === 'exec' || f.startedBy === 'code' ? f.startedBy : 'push'];
const MANIFEST_OPTION = { push: '--manifest', exec: '--manifest', code: 'option "manifest"' };
const bindTo = (f: Facts): string =>
  words(f, {
    push: `--bind ${text(f.service)}=URL`,
    exec: `--bind ${text(f.service)}=URL`,
    code: `bind: { '${text(f.service)}': 'URL' }`,
  });

const ERRORS = {
  MANIFEST_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) =>
      f.file ? `Cannot find the manifest "${text(f.file)}"` : `Cannot find a manifest in "${text(f.folder)}"`,
    hint: (f) =>
      f.file
        ? `It was named with ${words(f, MANIFEST_OPTION)}; relative paths begin at the current folder`
        : `Looked for stackato.yml there, and manifest.yml there and in every folder above. Propose one with: paas-local init, or name one with ${words(f, MANIFEST_OPTION)}${f.startedBy === 'code' ? '' : ' FILE'}`,
  },
  MANIFEST_INVALID: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot use the manifest "${text(f.file)}": ${text(f.count)} ${f.count === 1 ? 'mistake' : 'mistakes'}`,
  },
  USAGE: {
    exit: EXIT.usage,
    message: (f) => text(f.message),
    hint: (f) => (f.hint ? text(f.hint) : undefined),
  },
  APP_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) => `Cannot find an app named "${text(f.app)}"`,
    hint: (f) =>
      f.suggestion
        ? `Did you mean "${text(f.suggestion)}"?`
        : list(f.known).length > 0
          ? `Apps in this space: ${list(f.known).join(', ')}`
          : 'No app has been pushed in this space yet; push one with: paas-local push',
  },
  INSTANCE_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot find instance ${text(f.index)} of process "${text(f.process)}" of app "${text(f.app)}"`,
    hint: (f) => `See which there are: paas-local app ${text(f.app)}`,
  },
  TASK_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) => `Cannot find task ${text(f.task)} of app "${text(f.app)}"`,
    hint: (f) => `See which there are: paas-local tasks ${text(f.app)}`,
  },
  TASK_NOT_RUNNING: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot terminate task ${text(f.task)} of app "${text(f.app)}": it is ${text(f.state)} already`,
  },
  ROUTE_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) => `Cannot find the route "${text(f.route)}" of app "${text(f.app)}"`,
    hint: (f) => `Its routes: ${list(f.known).join(', ') || 'none'}`,
  },
  DEBUGGER_UNKNOWN: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot open a debugger for process "${text(f.process)}" of app "${text(f.app)}": only those of Node and Python are known, not of "${text(f.buildpack)}"`,
    hint: (f) =>
      `Have its own debugger in the start command (--command), or give it this terminal: paas-local push ${text(f.app)} --attach ${text(f.process)}`,
  },
  DEBUGGER_MISSING: {
    exit: EXIT.usage,
    message: (f) => `Cannot debug app "${text(f.app)}": ${text(f.module)} is not installed for its Python`,
    hint: (f) => `Add a line "${text(f.module)}" to its requirements.txt, and push again`,
  },
  DRAIN_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) => `Cannot find a drain "${text(f.drain)}" of app "${text(f.app)}"`,
    hint: (f) => `Its drains: ${list(f.known).join(', ') || 'none'}`,
  },
  PROCESS_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) => `Cannot find a process of type "${text(f.process)}" in app "${text(f.app)}"`,
    hint: (f) => `Its process types: ${list(f.known).join(', ')}`,
  },
  APP_NAME_NEEDED: {
    exit: EXIT.usage,
    message: (f) => `Cannot tell which app is meant: ${text(f.reason)}`,
    hint: () => 'Name the app, or run the command in a folder whose manifest declares it',
  },
  SERVICE_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) => `Cannot find a service named "${text(f.service)}"${given(' needed by app ', f.app)}`,
    hint: (f) =>
      f.suggestion
        ? `Did you mean "${text(f.suggestion)}"?`
        : f.hint
          ? text(f.hint)
          : `Services in this space: ${list(f.known).join(', ') || 'none'}`,
  },
  SERVICE_TYPE_UNKNOWN: {
    exit: EXIT.usage,
    message: (f) => `Cannot create service "${text(f.service)}": "${text(f.type)}" is not a service type`,
    hint: (f) =>
      `${f.suggestion ? `Did you mean "${text(f.suggestion)}"? ` : ''}Known types: ${list(f.known).join(', ')}`,
  },
  SERVICE_CONFLICT: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot use service "${text(f.service)}" as ${text(f.type)}: it exists in this space as ${text(f.existing)}`,
    hint: (f) => `Choose another name, or delete it first: paas-local delete-service ${text(f.service)}`,
  },
  SERVICE_PORT_TAKEN: {
    exit: EXIT.service,
    message: (f) =>
      `Cannot start service "${text(f.service)}": port ${text(f.port)} is taken${given(' by ', f.holder)}`,
    hint: () =>
      'Stop that process and push again: apps were given this port, so another one is not taken silently',
  },
  SERVICE_OPTIONS_INVALID: {
    exit: EXIT.usage,
    message: (f) => `Cannot read the options of service "${text(f.service)}": ${text(f.message)}`,
  },
  SERVICE_ENGINE_MISSING: {
    exit: EXIT.service,
    message: (f) => `Cannot start service "${text(f.service)}": ${text(f.message)}`,
    hint: (f) =>
      [
        f.install ? `Install it with: ${text(f.install)}${given(', or: ', f.alternative)}` : '',
        `Use one that runs elsewhere: ${bindTo(f)}`,
        words(f, { push: 'Go on without it: --allow-missing-services', exec: '', code: '' }),
      ]
        .filter(Boolean)
        .join('\n'),
  },
  SERVICE_NOT_BINDABLE: {
    exit: EXIT.usage,
    message: (f) => `Cannot bind service "${text(f.service)}" to a URL: ${text(f.type)} has none`,
    hint: (f) =>
      words(f, {
        push: `Leave --bind ${text(f.service)}=… out, and its line under "bind" in paas-local.yml`,
        exec: `Leave --bind ${text(f.service)}=… out`,
        code: `Leave "${text(f.service)}" out of "bind"`,
      }),
  },
  SERVICE_BIND_REFUSED: {
    exit: EXIT.service,
    message: (f) => `Cannot bind service "${text(f.service)}" to ${text(f.url)}: ${text(f.message)}`,
    hint: (f) =>
      f.refused
        ? `A login with exactly these words was tried. Correct them in ${words(f, {
            push: '--bind, or under "bind" in paas-local.yml',
            exec: '--bind',
            code: '"bind"',
          })}`
        : `Is it running, and reachable from here? ${words(f, {
            push: `--bind ${text(f.service)}= (with nothing behind it) goes back to an engine on this machine`,
            exec: 'Without --bind it gets an engine on this machine',
            code: 'Without "bind" it gets an engine on this machine',
          })}`,
  },
  SERVICE_NOT_OURS: {
    exit: EXIT.usage,
    message: (f) => `Cannot change the data of service "${text(f.service)}": it is at ${text(f.url)}`,
    hint: () => 'Only data that paas-local keeps itself is emptied, kept or put back',
  },
  SERVICE_DATA_VERSION: {
    exit: EXIT.service,
    message: (f) => `Cannot start service "${text(f.service)}": ${text(f.message)}`,
    hint: (f) =>
      `Install ${text(f.product)} ${text(f.data)} beside it, or give the data up: paas-local delete-service ${text(f.service)}. It lies in "${text(f.folder)}"`,
  },
  SERVICE_START_FAILED: {
    exit: EXIT.service,
    message: (f) => `Cannot start service "${text(f.service)}": ${text(f.message)}`,
    hint: (f) =>
      words(f, {
        push: `See its log: paas-local logs ${text(f.service)} --recent`,
        exec: 'Its log is shown with: exec --verbose',
        code: undefined,
      }),
  },
  SERVICE_NOT_RUNNING: {
    exit: EXIT.service,
    message: (f) => `Cannot reach service "${text(f.service)}": it is not running`,
    hint: () => 'It runs while an app that is bound to it does; start one: paas-local start APP',
  },
  SERVICE_WITHOUT_CONSOLE: {
    exit: EXIT.usage,
    message: (f) => `Cannot look into service "${text(f.service)}": it is of type ${text(f.type)}`,
    hint: () => 'This command is for services of type memcached',
  },
  BINDINGS_INVALID: {
    exit: EXIT.usage,
    message: (f) => `Cannot write the bindings of app "${text(f.app)}" as files: ${text(f.problem)}`,
    hint: () => 'Correct the name, or switch the feature off under "features"',
  },
  SERVICE_WITHOUT_CLIENT: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot ${f.purpose === 'exporter' ? 'export' : 'open a client for'} service "${text(f.service)}": type ${text(f.type)} has no program for it`,
    hint: (f) =>
      f.type === 'memcached'
        ? `Look into it with: paas-local cache ${text(f.service)} keys`
        : `See what is in it: paas-local service ${text(f.service)}`,
  },
  SERVICE_CLIENT_MISSING: {
    exit: EXIT.service,
    message: (f) =>
      `Cannot open a client for service "${text(f.service)}": ${list(f.names).join(' or ')} is not installed`,
    hint: (f) => (f.install ? `Install it with: ${text(f.install)}` : undefined),
  },
  SERVICE_IN_USE: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot ${text(f.action) || 'delete'} service "${text(f.service)}": ${list(f.apps).length > 0 ? `${list(f.apps).join(', ')} runs with it` : 'a client is connected to it'}`,
    hint: (f) =>
      list(f.apps).length > 0 ? `Stop it first: paas-local stop ${list(f.apps).join(' ')}` : undefined,
  },
  SERVICE_CAPACITY_REACHED: {
    exit: EXIT.service,
    message: (f) =>
      `Cannot create service "${text(f.service)}": ${text(f.component)} has its ${text(f.capacity)} instances`,
    hint: (f) =>
      `Delete one, or raise the limit: paas-local kato config set ${text(f.component)} capacity NUMBER, and: paas-local kato restart ${text(f.component)}`,
  },
  CACHE_KEY_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) => `Cannot find "${text(f.key)}" in service "${text(f.service)}"`,
  },
  CACHE_REFUSED: {
    exit: EXIT.service,
    message: (f) => `Service "${text(f.service)}" refused "${text(f.action)}": ${text(f.answer)}`,
  },
  NODE_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) => `Cannot find a component named "${text(f.component)}"`,
    hint: (f) =>
      `${f.suggestion ? `Did you mean "${text(f.suggestion)}"? ` : ''}Components here: ${list(f.known).join(', ')}`,
  },
  NODE_CONFIG_TYPE: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot set "${text(f.path)}" of ${text(f.component)}: it is a ${text(f.is)}, and a ${text(f.given)} was given`,
    hint: () => 'Add --force to change its type',
  },
  NODE_CONFIG_INVALID: {
    exit: EXIT.usage,
    message: (f) => `Cannot configure ${text(f.component)}: ${text(f.reason)}`,
  },
  NO_START_COMMAND: {
    exit: EXIT.usage,
    message: (f) => `Cannot start app "${text(f.app)}": no start command`,
    hint: (f) =>
      [
        `Looked for: ${list(f.lookedFor).join('; ')}`,
        `Found in "${text(f.root)}": ${list(f.found).join('  ') || 'an empty folder'}`,
        f.dialect === 'stackato'
          ? 'Add a line "web: COMMAND" to a Procfile, or "processes: {web: COMMAND}" to the manifest'
          : 'Add a line "web: COMMAND" to a Procfile, or "command: COMMAND" to the manifest',
      ].join('\n'),
  },
  APP_FOLDER_MISSING: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot push app "${text(f.app)}": its folder "${text(f.root)}" ${text(f.problem) || 'does not exist'}`,
    hint: (f) =>
      `Correct "path" in the manifest, or name the folder with ${words(f, { push: '--path', exec: '--path', code: 'option "folder"' })}`,
  },
  INSTANCES_TOO_MANY: {
    exit: EXIT.usage,
    message: (f) =>
      `Cannot run ${text(f.asked)} instances of app "${text(f.app)}"${f.beside ? ` beside the ${text(f.beside)} of other apps` : ''}: ${text(f.limit)}`,
    hint: (f) =>
      [
        Number(f.roomFor) > 0
          ? `There is room for ${text(f.roomFor)}: write that as "instances" in the manifest${words(f, {
              push: `, or: paas-local scale ${text(f.app)}${f.process === 'web' ? '' : ` --process ${text(f.process)}`} -i ${text(f.roomFor)}`,
              exec: '',
              code: '',
            })}`
          : '',
        list(f.others).length > 0 ? `Others make room: paas-local stop ${list(f.others).join(' ')}` : '',
      ]
        .filter(Boolean)
        .join('\n'),
  },
  APP_EXITED: {
    exit: EXIT.notReady,
    message: (f) =>
      f.why
        ? `App "${text(f.app)}" was ended ${text(f.after)} after its start: ${text(f.why)}`
        : `App "${text(f.app)}" exited at once: ${text(f.exit)} after ${text(f.after)}`,
    hint: (f) => {
      if (text(f.why).startsWith('out of memory'))
        return `Give it more: "memory" in the manifest${words(f, {
          push: `, or: paas-local scale ${text(f.app)}${f.process === 'web' ? '' : ` --process ${text(f.process)}`} -m SIZE`,
          exec: '',
          code: '',
        })}`;
      if (f.missing)
        return `Its start command was: ${text(f.command)}\nThere is no program "${text(f.missing)}" on its PATH. ${text(f.nextStep) || 'Install it, or correct the command'}`;
      const lasts =
        f.code === 0
          ? '\nIt ended well, but an app has to go on; what ends is a task: paas-local run-task'
          : '';
      return `Its start command was: ${text(f.command)}${lasts}`;
    },
  },
  APP_NOT_LISTENING: {
    exit: EXIT.notReady,
    message: (f) =>
      `App "${text(f.app)}" did not become ready: waited ${text(f.waited)} for ${text(f.expected)}`,
    hint: (f) =>
      list(f.listening).length > 0
        ? `It listens on ${list(f.listening).join(', ')} instead: make it listen on the port in the variable PORT (${text(f.port)})`
        : `Nothing of it listens on any port (${text(f.lastProbe)}). An app must listen on the port in the variable PORT; a worker without a port needs "health-check-type: process" (Cloud Foundry) or "url: []" (Stackato); a slow one needs a larger "timeout"`,
  },
  APP_SPAWN_FAILED: {
    exit: EXIT.notReady,
    message: (f) => `Cannot start app "${text(f.app)}": ${text(f.message)}`,
  },
  STAGING_FAILED: {
    exit: EXIT.notReady,
    message: (f) => `Cannot stage app "${text(f.app)}": ${text(f.message)}`,
    hint: (f) => (f.hint ? text(f.hint) : undefined),
  },
  STAGING_TOOL_MISSING: {
    exit: EXIT.notReady,
    message: (f) => `Cannot stage app "${text(f.app)}": ${text(f.tool)} is not installed`,
    hint: (f) => (f.install ? `Install it with: ${text(f.install)}` : undefined),
  },
  STAGING_PACKAGE_MISSING: {
    exit: EXIT.notReady,
    message: (f) =>
      `Cannot install ${list(f.packages).join(', ')} for app "${text(f.app)}": ${text(f.message)}`,
    hint: (f) => (f.hint ? text(f.hint) : undefined),
  },
  HOOK_FAILED: {
    exit: EXIT.notReady,
    message: (f) =>
      `Hook ${text(f.hook)} of app "${text(f.app)}" failed: "${text(f.command)}" ${text(f.exit)}`,
    hint: () =>
      'Its output is in the log above; write "- " in front of a command whose failure does not matter',
  },
  PORT_TAKEN: {
    exit: EXIT.port,
    message: (f) => `Cannot listen on port ${text(f.port)}: it is taken${given(' by ', f.holder)}`,
    hint: (f) =>
      `Stop that process, choose another with ${text(f.option) || '--port'}, or leave out --strict-ports to take the next free one`,
  },
  PORT_KEPT: {
    exit: EXIT.port,
    message: (f) =>
      `Cannot route on port ${text(f.wanted)}: this space routes on port ${text(f.port)} already`,
    hint: (f) =>
      `Leave out ${text(f.option) || '--port'}, push to a space of its own with --space NAME, or stop everything first: paas-local stop --all`,
  },
  PORTS_EXHAUSTED: {
    exit: EXIT.port,
    message: (f) =>
      `Cannot find a free port between ${text(f.from)} and ${text(f.to)}: ${text(f.tries)} were tried and taken`,
    hint: () => 'See who holds them: paas-local ps, or: ss -ltnp',
  },
  STATE_NOT_WRITABLE: {
    exit: EXIT.unexpected,
    message: (f) => `Cannot write to the state folder "${text(f.folder)}": ${text(f.reason)}`,
    hint: () => 'Make it writable, or choose another with the variable PAAS_LOCAL_HOME',
  },
  STATE_UNREADABLE: {
    exit: EXIT.unexpected,
    message: (f) => `Cannot read "${text(f.file)}": ${text(f.reason)}`,
    hint: (f) =>
      f.aside
        ? `It was set aside as "${text(f.aside)}" and a fresh record begun; what services keep is still there: push again to use it`
        : 'Mend it, or put back a copy; the next push sets it aside and begins a fresh one',
  },
  STATE_NEWER: {
    exit: EXIT.unexpected,
    message: (f) => `Cannot use "${text(f.file)}": ${text(f.reason)}`,
    hint: () => 'Nothing was changed. Use the newer paas-local, or another home: PAAS_LOCAL_HOME',
  },
  AUTHORITY_UNUSABLE: {
    exit: EXIT.unexpected,
    message: (f) => `Cannot use the certificate authority "${text(f.file)}": ${text(f.reason)}`,
    hint: (f) =>
      `Remove the folder "${text(f.folder)}" and a new one is made; trust that one with: paas-local trust`,
  },
  SPACE_NAME_INVALID: {
    exit: EXIT.usage,
    message: (f) => `Cannot use "${text(f.space)}" as the name of a space`,
    hint: () => 'Use letters, digits, "-", "_" and ".", at most 40 of them, beginning with a letter or digit',
  },
  HOST_START_FAILED: {
    exit: EXIT.unexpected,
    message: (f) => `Cannot start the host process: ${text(f.reason)}`,
    hint: (f) => (f.log ? `Its log is "${text(f.log)}"` : undefined),
  },
  HOST_NOT_RUNNING: {
    exit: EXIT.usage,
    message: (f) => `No host process runs in space "${text(f.space)}"`,
    hint: () => 'Push an app first: paas-local push',
  },
  HOST_VERSION_MISMATCH: {
    exit: EXIT.usage,
    message: (f) => `The host of this space is paas-local ${text(f.host)}, this command is ${text(f.client)}`,
    hint: () =>
      'Stop it with: paas-local stop --all, then run this again; what was pushed with --detach comes back with: paas-local start',
  },
  HOST_LOST: {
    exit: EXIT.unexpected,
    message: (f) => `Lost the connection to the host process${given(': ', f.reason)}`,
    hint: (f) =>
      f.log ? `Its log is "${text(f.log)}"; see also: paas-local doctor` : 'See: paas-local doctor',
  },
  CONTROL_MESSAGE_INVALID: {
    exit: EXIT.unexpected,
    message: (f) => `Cannot understand a control message: ${text(f.reason)}`,
  },
  READY_TIMEOUT: {
    exit: EXIT.notReady,
    message: (f) =>
      `Not ready within ${text(f.within)}: waited for ${text(f.waitedFor)}, saw ${text(f.seen)}`,
    hint: (f) =>
      `A slow start needs more time: ${words(f, { push: '--timeout', exec: '--timeout', code: 'option "readyTimeout"' })}`,
  },
  WAIT_TIMEOUT: {
    exit: EXIT.notReady,
    message: (f) => `Waited ${text(f.within)} for ${text(f.waitedFor)}, saw ${text(f.seen)}`,
  },
  SERVICE_CANNOT: {
    exit: EXIT.usage,
    message: (f) => `Cannot ${text(f.what)} service "${text(f.service)}": ${text(f.reason)}`,
    hint: (f) => (f.hint ? text(f.hint) : undefined),
  },
  SNAPSHOT_NOT_FOUND: {
    exit: EXIT.usage,
    message: (f) => `Cannot find snapshot "${text(f.snapshot)}" of service "${text(f.service)}"`,
    hint: (f) =>
      list(f.known).length > 0
        ? `It has ${list(f.known).join(', ')}`
        : `It has none, and keeps none when it is stopped. Take one: paas-local snapshot-service ${text(f.service)}`,
  },
  FAULT_TARGET_UNKNOWN: {
    exit: EXIT.usage,
    message: (f) => `Cannot make an outage of "${text(f.target)}": there is no such service or app`,
    hint: (f) =>
      f.suggestion ? `Did you mean "${text(f.suggestion)}"?` : `There is: ${list(f.known).join(', ')}`,
  },
  PLATFORM_STOPPED: {
    exit: EXIT.usage,
    message: (f) => `Cannot ${text(f.what)}: the platform was stopped`,
    hint: (f) => `It was started at ${text(f.startedAt)}`,
  },
  CANCELLED: { exit: 130, message: (f) => `Stopped before it was done${given(': ', f.reason)}` },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** All mistakes of a file. */
  readonly diagnostics?: readonly Diagnostic[];
  /** The last log lines of what failed, oldest first. */
  readonly logLines?: readonly string[];
  readonly cause?: unknown;
}

const BRAND = Symbol.for('paas-local.PaasError');

/** An expected failure, ready to be shown or sent as JSON. */
export class PaasError extends Error {
  override readonly name = 'PaasError';
  readonly code: ErrorCode;
  readonly facts: Facts;
  readonly hint: string | undefined;
  readonly exitCode: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly logLines: readonly string[];

  /** The command line and what it loads of the runtime are bundled apart, so there are two copies of this class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  readonly [BRAND] = true;

  constructor(code: ErrorCode, facts: Facts = {}, details: ErrorDetails = {}) {
    const entry: ErrorEntry = ERRORS[code];
    super(entry.message(facts), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.facts = facts;
    this.hint = entry.hint?.(facts);
    this.exitCode = entry.exit;
    this.diagnostics = details.diagnostics ?? [];
    this.logLines = details.logLines ?? [];
  }
}

/** A `PaasError` as it crosses the control socket and as `--json` prints it. */
export interface ErrorJson {
  readonly code: ErrorCode | 'INTERNAL';
  readonly message: string;
  readonly hint?: string;
  readonly facts: Facts;
  readonly diagnostics?: readonly Diagnostic[];
  readonly logLines?: readonly string[];
  /** Only for `INTERNAL`: a bug of ours. */
  readonly stack?: string;
}

export function errorToJson(error: unknown): ErrorJson {
  if (!(error instanceof PaasError)) {
    const bug = error instanceof Error ? error : new Error(String(error));
    return { code: 'INTERNAL', message: bug.message, facts: {}, ...(bug.stack ? { stack: bug.stack } : {}) };
  }
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    facts: error.facts,
    ...(error.diagnostics.length > 0 ? { diagnostics: error.diagnostics } : {}),
    ...(error.logLines.length > 0 ? { logLines: error.logLines } : {}),
  };
}

export function errorFromJson(json: ErrorJson): Error {
  if (json.code in ERRORS) {
    return new PaasError(json.code as ErrorCode, json.facts, {
      ...(json.diagnostics ? { diagnostics: json.diagnostics } : {}),
      ...(json.logLines ? { logLines: json.logLines } : {}),
    });
  }
  const bug = new Error(json.message);
  if (json.stack) bug.stack = json.stack;
  return bug;
}

export const errorCodes = Object.keys(ERRORS) as ErrorCode[];
