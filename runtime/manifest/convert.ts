/**
 * A Stackato manifest as a Cloud Foundry one. What has a counterpart is carried; what has none is said, never dropped
 * in silence: in comments of the result and in a list.
 */
import { relative } from 'node:path';
import { formatSize } from '../kernel/bytes.ts';
import { chain, LINE_ENDS, servicesToCreate, word } from './convert-commands.ts';
import { imageOf, keysIn, lossesOf, lossesOfFiles } from './convert-losses.ts';
import { printManifest } from './print.ts';
import { SourceText } from './source.ts';
import { get, list, map, scalar, type Entry, type MapNode, type Node } from './tree.ts';
import type { AppManifest, Manifest, ProcessManifest } from './types.ts';

export interface Converted {
  /** The new manifest, with comments. Read with the Cloud Foundry dialect it has no mistakes. */
  readonly text: string;
  /** Sentences about what could not be carried or needs a hand. */
  readonly notes: readonly string[];
}

/** Seconds; the API refuses more. */
const MAX_TIMEOUT_SECONDS = 180;

export interface ToConvert {
  readonly manifest: Manifest;
  /** In the original client's normal form. */
  readonly effective: MapNode;
  /** The files as they were written. */
  readonly documents: readonly MapNode[];
}

export async function convertToCloudFoundry(
  { manifest, effective, documents }: ToConvert,
  folder: string,
): Promise<Converted> {
  const notes: string[] = [];
  const applications = get(effective, 'applications');
  const written = keysIn(documents);
  const apps = manifest.apps.map((app) => {
    const note = (sentence: string): void => void notes.push(`${app.name}: ${sentence}`);
    const node = get(applications, app.name);
    const source = node?.kind === 'map' ? node : map([], NOWHERE);
    const converted = convertApp(app, source, folder, note);
    for (const loss of lossesOf(source, app, written)) note(loss);
    return converted;
  });
  notes.push(...lossesOfFiles(documents));
  const tree = mapping({ version: typed('1'), applications: sequence(apps) });
  const comments = [
    `Converted from ${relative(folder, manifest.file) || manifest.file}, a Stackato manifest.`,
    ...servicesToCreate(manifest),
    ...(notes.length > 0 ? ['', 'To do by hand:', ...notes.map((note) => `- ${note}`)] : []),
  ];
  const header = comments.flatMap((comment) => comment.split(LINE_ENDS)).map((line) => `# ${line}`.trimEnd());
  return { text: `${header.join('\n')}\n${await printManifest(tree, 'cloud-foundry')}`, notes };
}

type Note = (note: string) => void;

function convertApp(app: AppManifest, source: MapNode, folder: string, note: Note): Node {
  const web = app.processes[0];
  const image = imageOf(source);
  const path = relative(folder, app.root);
  noteRequirements(app, note);
  noteHooks(app, note);
  noteOthers(app, image === undefined, note);
  if (image !== undefined && path !== '') note(`"path" was ${path}; beside a Docker image there can be none`);
  return mapping({
    name: text(app.name),
    ...(image === undefined
      ? {
          ...(path === '' ? {} : { path: text(path) }),
          ...(app.buildpacks.length > 0 ? { buildpacks: sequence(app.buildpacks.map(text)) } : {}),
          ...(app.stack === undefined ? {} : { stack: text(app.stack) }),
        }
      : { docker: mapping({ image: text(image) }) }),
    ...(web ? convertProcess(web, note) : {}),
    ...convertRoutes(app, note),
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

function convertRoutes({ routes }: AppManifest, note: Note): Readonly<Record<string, Node>> {
  switch (routes.kind) {
    case 'list': {
      const urls = routes.routes.map(({ url }) => {
        // There, a port makes it a TCP route, which has neither a host nor a path.
        const bare = url.replace(/^([^/]*):\d+/, '$1');
        if (bare !== url) note(`the route ${url} lost its port: HTTP is served on 80 and 443`);
        return bare;
      });
      return { routes: sequence([...new Set(urls)].map((url) => mapping({ route: text(url) }))) };
    }
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
      note(`${name} is a secret and was left out; set it with: cf set-env ${word(app.name)} ${name} VALUE`);
    else if (/[$`]/.test(value))
      note(
        `${name} expands at start, which values do no longer; put into .profile: export ${name}="${value.replaceAll('"', '\\"')}"`,
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
  const { prePush, preStaging, postStaging, preRunning } = hooks;
  if (prePush.length > 0) note(`run before each push: ${chain(prePush, { fresh: true })}`);
  if (preStaging.length > 0) {
    const commands = chain(preStaging, { fresh: true });
    note(`pre-staging hooks have no counterpart; make this part of the build: ${commands}`);
  }
  if (postStaging.length > 0) {
    const commands = chain(postStaging, { fresh: true });
    note(
      `post-staging hooks become a task after the push: cf run-task ${word(name)} --command ${word(commands)}`,
    );
  }
  if (preRunning.length > 0)
    note(`pre-running hooks move into .profile: ${chain(preRunning, { fresh: false })}`);
}

function noteOthers(app: AppManifest, staged: boolean, note: Note): void {
  if (staged && (app.framework?.name ?? app.framework?.runtime) !== undefined) {
    const { name, runtime } = app.framework ?? {};
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
    note(`log drain, to be bound afterwards: cf create-user-provided-service ${word(name)} -l ${word(url)}`);
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
