/**
 * A Stackato manifest as a Cloud Foundry one. What has a counterpart is carried; what has none is said, never dropped
 * in silence: in comments of the result and in a list.
 */
import { relative } from 'node:path';
import { formatSize } from '../kernel/bytes.ts';
import { printManifest } from './print.ts';
import { SourceText } from './source.ts';
import { list, map, scalar, type Entry, type Node } from './tree.ts';
import type { AppManifest, Manifest, ProcessManifest } from './types.ts';

export interface Converted {
  /** The new manifest, with comments. Read with the Cloud Foundry dialect it has no mistakes. */
  readonly text: string;
  /** Sentences about what could not be carried or needs a hand. */
  readonly notes: readonly string[];
}

/** Seconds; the API refuses more. */
const MAX_TIMEOUT_SECONDS = 180;

export async function convertToCloudFoundry(manifest: Manifest, folder: string): Promise<Converted> {
  const notes: string[] = [];
  const apps = manifest.apps.map((app) =>
    convertApp(app, folder, (note) => notes.push(`${app.name}: ${note}`)),
  );
  const tree = mapping({ version: typed('1'), applications: sequence(apps) });
  const comments = [
    `Converted from ${relative(folder, manifest.file) || manifest.file}, a Stackato manifest.`,
    ...servicesToCreate(manifest),
    ...(notes.length > 0 ? ['', 'To do by hand:', ...notes.map((note) => `- ${note}`)] : []),
  ];
  const header = comments.flatMap((comment) => comment.split(LINE_ENDS)).map((line) => `# ${line}`.trimEnd());
  return { text: `${header.join('\n')}\n${await printManifest(tree, 'cloud-foundry')}`, notes };
}

/** Cloud Foundry binds only what exists. */
function servicesToCreate({ apps }: Manifest): readonly string[] {
  const lines = new Set<string>();
  for (const service of apps.flatMap((app) => app.services)) {
    if (service.type === undefined) continue;
    const parameters = service.parameters === undefined ? '' : ` -c '${JSON.stringify(service.parameters)}'`;
    const tags = service.tags.length > 0 ? ` -t "${service.tags.join(', ')}"` : '';
    lines.add(
      service.type === 'user-provided'
        ? `  cf create-user-provided-service ${service.name} -p '${JSON.stringify(service.credentials ?? {})}'`
        : `  cf create-service ${service.type} ${service.plan ?? 'free'} ${service.name}${parameters}${tags}`,
    );
  }
  return lines.size > 0 ? ['', 'Create the services first:', ...lines] : [];
}

/** Everything that could end a comment. */
const LINE_ENDS = /[\r\n\u0085\u2028\u2029]+/;

type Note = (note: string) => void;

function convertApp(app: AppManifest, folder: string, note: Note): Node {
  const web = app.processes[0];
  const path = relative(folder, app.root);
  noteRequirements(app, note);
  noteHooks(app, note);
  noteLosses(app, note);
  return mapping({
    name: text(app.name),
    ...(path === '' ? {} : { path: text(path) }),
    ...(app.buildpacks.length > 0 ? { buildpacks: sequence(app.buildpacks.map(text)) } : {}),
    ...(app.stack === undefined ? {} : { stack: text(app.stack) }),
    ...(web ? convertProcess(web, note) : {}),
    ...convertRoutes(app),
    ...(app.services.length > 0 ? { services: sequence(app.services.map(({ name }) => text(name))) } : {}),
    ...convertEnv(app, note),
    ...(app.description === undefined
      ? {}
      : { metadata: mapping({ annotations: mapping({ description: text(app.description) }) }) }),
  });
}

function convertProcess(web: ProcessManifest, note: Note): Readonly<Record<string, Node>> {
  const { type, startTimeoutSeconds } = web.health;
  if (startTimeoutSeconds > MAX_TIMEOUT_SECONDS) {
    note(`"timeout" was ${startTimeoutSeconds}; ${MAX_TIMEOUT_SECONDS} seconds are the most there are`);
  }
  return {
    ...(web.command === undefined ? {} : { command: text(web.command) }),
    instances: typed(String(web.instances)),
    memory: text(formatSize(web.memoryBytes)),
    disk_quota: text(formatSize(web.diskBytes)),
    timeout: typed(String(Math.min(startTimeoutSeconds, MAX_TIMEOUT_SECONDS))),
    ...(type === 'port' ? {} : { 'health-check-type': text(type) }),
  };
}

function convertRoutes({ routes }: AppManifest): Readonly<Record<string, Node>> {
  switch (routes.kind) {
    case 'list':
      return { routes: sequence(routes.routes.map(({ url }) => mapping({ route: text(url) }))) };
    case 'none':
      return { 'no-route': typed('true') };
    case 'random':
      return { 'random-route': typed('true') };
    case 'default':
      return {};
  }
}

/** Stackato's values are shell text, Cloud Foundry's are literal: what expands moves into `.profile`. */
function convertEnv(app: AppManifest, note: Note): Readonly<Record<string, Node>> {
  const literal: [string, Node][] = [];
  for (const [name, { value, hidden }] of Object.entries(app.env)) {
    if (hidden)
      note(`${name} is a secret and was left out; set it with: cf set-env ${app.name} ${name} VALUE`);
    else if (/[$`]/.test(value))
      note(
        `${name} expands at start, which values do no longer; put into .profile: export ${name}="${value}"`,
      );
    else if (/^(?:PORT$|vcap_|vmc)/i.test(name)) note(`${name} cannot be set on Cloud Foundry`);
    else literal.push([name, text(value)]);
  }
  return literal.length > 0 ? { env: mapping(Object.fromEntries(literal)) } : {};
}

function noteRequirements({ requirements }: AppManifest, note: Note): void {
  const { pip, cpan, ppm, system } = requirements;
  if (pip.length > 0) note(`put into requirements.txt, one a line: ${pip.join(' ')}`);
  if (cpan.length + ppm.length > 0) note(`put into cpanfile: ${[...cpan, ...ppm].join(' ')}`);
  if (system.length > 0) {
    note(
      `system packages need the apt buildpack and an apt.yml: ${system.map(({ name }) => name).join(' ')}`,
    );
  }
}

function noteHooks({ name, hooks }: AppManifest, note: Note): void {
  const commands = (phase: keyof typeof hooks): string =>
    hooks[phase]
      .map(({ command, ignoreFailure }) => (ignoreFailure ? `${command} || true` : command))
      .join(' && ');
  if (hooks.prePush.length > 0) note(`run before each push: ${commands('prePush')}`);
  if (hooks.preStaging.length > 0)
    note(`pre-staging hooks have no counterpart; make this part of the build: ${commands('preStaging')}`);
  if (hooks.postStaging.length > 0) {
    note(
      `post-staging hooks become a task after the push: cf run-task ${name} --command "${commands('postStaging')}"`,
    );
  }
  if (hooks.preRunning.length > 0) note(`pre-running hooks move into .profile: ${commands('preRunning')}`);
}

function noteLosses(app: AppManifest, note: Note): void {
  if (app.framework) {
    const { name, runtime } = app.framework;
    note(
      `the framework${name === undefined ? '' : ` "${name}"`} becomes a buildpack, chosen by what is in the folder${runtime === undefined ? '' : `; name the runtime ${runtime} there (runtime.txt, engines …)`}`,
    );
  }
  if (
    app.processes[0]?.command?.includes('$PROCESSES_WEB') ||
    app.processes[0]?.command?.includes('$STACKATO_')
  ) {
    note('the start command uses variables of Stackato');
  }
  if (app.ignores)
    note(`put into .cfignore: ${app.ignores.join(' ') || '(nothing: all files were uploaded)'}`);
  if (app.cron.length > 0)
    note(`cron has no counterpart; schedule tasks from outside: ${app.cron.join(' | ')}`);
  for (const { name, url } of app.drains)
    note(`log drain: cf create-user-provided-service ${name} -l ${url}, then bind it`);
  if (app.dependsOn.length > 0)
    note(`apps are pushed in the order of the file; it depends on ${app.dependsOn.join(', ')}`);
}

const NOWHERE = { source: new SourceText('converted', ''), start: 0, end: 0 };
const text = (value: string): Node => scalar(value, NOWHERE, false);
const typed = (value: string): Node => scalar(value, NOWHERE);
const sequence = (items: readonly Node[]): Node => list(items, NOWHERE);
const mapping = (values: Readonly<Record<string, Node>>) =>
  map(
    Object.entries(values).map(([key, value]): Entry => ({ key: scalar(key, NOWHERE), value })),
    NOWHERE,
  );
