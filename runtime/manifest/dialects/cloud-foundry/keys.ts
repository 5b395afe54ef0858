/**
 * Every key of a Cloud Foundry manifest (schema version 1): its shape, what it means, and what becomes of it here.
 * Refusals say what the API would say. Keys may be written with dashes or underscores; the table has the documented form.
 */
import { MIB } from '../../../kernel/bytes.ts';
import {
  anything,
  boolean,
  integer,
  listOf,
  mapOf,
  record,
  table,
  text,
  type KeyRule,
  type KeyTable,
  type Shape,
} from '../../shape.ts';

const string = text();
/** The client turns numbers and booleans under these keys into strings. */
const anyScalar = text({ coerce: true });

const SIZE_UNITS = 'must use a supported unit: B, K, KB, M, MB, G, GB, T, or TB';
/** The API counts whole megabytes. */
const size = { kind: 'size', of: 'memory', min: MIB } as const;

const MAX_INSTANCES = 2_000_000;
const MAX_TIMEOUT_SECONDS = 180;
const MAX_COMMAND_LENGTH = 4096;

const honoured = (
  shape: Shape,
  summary: string,
  why: string,
  example: string,
  more: Partial<KeyRule> = {},
): KeyRule => ({
  shape,
  summary,
  verdict: 'honoured',
  why,
  example,
  ...more,
});
const approximated = (...rule: Parameters<typeof honoured>): KeyRule => ({
  ...honoured(...rule),
  verdict: 'approximated',
});
const ignored = (...rule: Parameters<typeof honoured>): KeyRule => ({
  ...honoured(...rule),
  verdict: 'ignored',
});

const HEALTH_TYPES = ['port', 'process', 'http', 'none'];
const seconds = integer(1);
const path = text({ pattern: '^/' });

/** Attributes of a process; at app level they are those of the web process. */
const PROCESS_ATTRIBUTES: Readonly<Record<string, KeyRule>> = {
  command: honoured(
    text({ maxLength: MAX_COMMAND_LENGTH }),
    'The start command; null or default means what the Procfile or detection says.',
    'run by a shell with the full environment',
    'command: node server.js',
    { refusal: `Command must be a string of 1 to ${MAX_COMMAND_LENGTH} characters` },
  ),
  instances: honoured(
    integer(0, MAX_INSTANCES),
    'How many copies run; 0 means none.',
    'that many processes behind one route',
    'instances: 2',
    { refusal: 'Instances must be an integer greater than or equal to 0' },
  ),
  memory: approximated(
    size,
    'Memory per instance, with unit: 256M, 1G.',
    'told to the app; what an instance takes is looked at every two seconds, and one that takes more is ended',
    'memory: 256M',
    { refusal: `Memory ${SIZE_UNITS}, and be greater than 0MB` },
  ),
  disk_quota: approximated(
    size,
    'Disk per instance, with unit: 512M, 1G.',
    'told to the app (VCAP_APPLICATION) and not enforced',
    'disk_quota: 512M',
    { refusal: `Disk quota ${SIZE_UNITS}, and be greater than 0MB` },
  ),
  'log-rate-limit-per-second': honoured(
    { kind: 'size', of: 'log-rate' },
    'Bytes of log per second, with unit; 0 for none, -1 for unlimited.',
    'what an instance prints beyond it is dropped and counted',
    'log-rate-limit-per-second: 16K',
    { refusal: `Log rate limit ${SIZE_UNITS}, or be an integer greater than or equal to -1` },
  ),
  timeout: honoured(
    // The client leaves a zero out of what it sends, so the API never refuses one.
    integer(0, MAX_TIMEOUT_SECONDS),
    'Seconds the app has to become healthy, at most 180; 0 says nothing.',
    'bounds the wait for the first healthy answer',
    'timeout: 120',
    {
      refusal: `Timeout must be an integer from 1 to ${MAX_TIMEOUT_SECONDS} (seconds)`,
    },
  ),
  'health-check-type': honoured(
    text({ coerce: true, choices: HEALTH_TYPES }),
    'How health is checked: port, http or process ("none" is an old name of process).',
    'probed as on the platform',
    'health-check-type: http',
    { refusal: 'Health check type must be "port", "process", or "http"' },
  ),
  'health-check-http-endpoint': honoured(
    path,
    'Path for the http check.',
    'probed as on the platform',
    'health-check-http-endpoint: /health',
    {
      refusal: 'Health check HTTP endpoint must be a valid URI path',
    },
  ),
  'health-check-invocation-timeout': honoured(
    seconds,
    'Seconds one check may take.',
    'bounds each probe',
    'health-check-invocation-timeout: 5',
    {
      refusal: 'Health check invocation timeout must be an integer greater than or equal to 1',
    },
  ),
  'health-check-interval': honoured(
    seconds,
    'Seconds between checks.',
    'used between probes of a running instance',
    'health-check-interval: 10',
    {
      refusal: 'Health check interval must be an integer greater than or equal to 1',
    },
  ),
  'readiness-health-check-type': honoured(
    text({ coerce: true, choices: ['port', 'process', 'http'] }),
    'How readiness is checked; process means not at all.',
    'an instance that fails the check gets no requests until it passes',
    'readiness-health-check-type: http',
    { refusal: 'Readiness health check type must be "port", "process", or "http"' },
  ),
  'readiness-health-check-http-endpoint': honoured(
    path,
    'Path for the http readiness check.',
    'an instance that fails the check gets no requests until it passes',
    'readiness-health-check-http-endpoint: /ready',
    {
      refusal: 'Readiness health check HTTP endpoint must be a valid URI path',
    },
  ),
  'readiness-health-check-invocation-timeout': honoured(
    seconds,
    'Seconds one readiness check may take.',
    'an instance that fails the check gets no requests until it passes',
    'readiness-health-check-invocation-timeout: 5',
    {
      refusal: 'Readiness health check invocation timeout must be an integer greater than or equal to 1',
    },
  ),
  'readiness-health-check-interval': honoured(
    seconds,
    'Seconds between readiness checks.',
    'an instance that fails the check gets no requests until it passes',
    'readiness-health-check-interval: 10',
    {
      refusal: 'Readiness health check interval must be an integer greater than or equal to 1',
    },
  ),
};

/** What an app says about its web process, unless that has an entry of its own. */
export const PROCESS_KEYS: ReadonlySet<string> = new Set(Object.keys(PROCESS_ATTRIBUTES));

export const PROCESS = record(
  'a process',
  table({
    type: honoured(
      text({ coerce: true, maxLength: 255 }),
      'The type, such as web or worker.',
      'one process per type, routes lead to web',
      'type: worker',
      { required: true, refusal: 'All Processes must specify a type' },
    ),
    ...PROCESS_ATTRIBUTES,
    user: ignored(
      text({ coerce: true, maxLength: 255 }),
      'User the process runs as.',
      'processes run as you',
      'user: vcap',
    ),
  }),
  { titled: { word: 'Process', key: 'type', quote: '"' } },
);

const SIDECAR = record(
  'a sidecar',
  table({
    name: honoured(
      anyScalar,
      'The name.',
      'started with each instance of its process types, and the instance ends when it does',
      'name: proxy',
      {
        required: true,
      },
    ),
    process_types: honoured(
      listOf(anyScalar),
      'Types of the processes it accompanies.',
      'started with each instance of its process types, and the instance ends when it does',
      'process_types: [web]',
      { required: true, refusal: 'must have at least 1 process_type' },
    ),
    command: honoured(
      text({ maxLength: MAX_COMMAND_LENGTH }),
      'The start command.',
      'started with each instance of its process types, and the instance ends when it does',
      'command: ./proxy',
      { required: true, refusal: "Command can't be blank" },
    ),
    memory: approximated(
      size,
      'Memory reserved for it.',
      'taken from that of the process, told to it, and watched',
      'memory: 64M',
      { refusal: `Memory ${SIZE_UNITS}` },
    ),
  }),
  { titled: { word: 'Sidecar', key: 'name', quote: '"' } },
);

const ROUTE_OPTIONS = record(
  'route options',
  table({
    loadbalancing: honoured(
      text({ coerce: true, choices: ['round-robin', 'least-connection', 'hash'] }),
      'How requests are spread over instances.',
      'followed by the router',
      'loadbalancing: least-connection',
      { refusal: "Cannot use this loadbalancing value; valid values are: 'round-robin, least-connection'" },
    ),
    hash_header: ignored(
      text({ coerce: true, maxLength: 128 }),
      'Header whose value decides the instance.',
      'needs a flag of the operator; not offered here',
      'hash_header: X-Tenant',
    ),
    hash_balance: ignored(
      { kind: 'number', min: 0, max: 10 },
      'How far hashing may be uneven.',
      'needs a flag of the operator; not offered here',
      'hash_balance: 1.25',
    ),
  }),
  { unknown: 'refuse' },
);

const ROUTE = record(
  'a route',
  table({
    route: honoured(
      anyScalar,
      'HOST.DOMAIN[/PATH].',
      'any domain is accepted, since all lead to this machine',
      'route: my-app.localhost',
      { required: true },
    ),
    protocol: approximated(
      text({ coerce: true, choices: ['http1', 'http2', 'tcp'] }),
      'How the router talks to the app.',
      'http1 is spoken; http2 falls back to it, tcp is refused',
      'protocol: http2',
      {
        refusal: "Route protocol must be 'http1', 'http2' or 'tcp'.",
      },
    ),
    options: honoured(
      ROUTE_OPTIONS,
      'Options of the route.',
      'read key by key',
      'options: {loadbalancing: least-connection}',
    ),
  }),
);

const SERVICE = record(
  'a service',
  table({
    name: honoured(anyScalar, 'The service instance.', 'must exist in this space', 'name: my-cache', {
      required: true,
    }),
    binding_name: honoured(
      anyScalar,
      'Name of the binding.',
      'the name in VCAP_SERVICES',
      'binding_name: cache',
    ),
    parameters: ignored(
      mapOf(anything),
      'Parameters of the binding.',
      'built-in services have none for bindings',
      'parameters: {role: read-only}',
    ),
  }),
);

/** As Kubernetes has them: an optional domain, and a name of at most 63 characters. */
const LABEL_KEY = {
  pattern:
    '^(?:(?=[^/]{1,253}/)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*/)?(?=.{1,63}$)[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$',
  problem:
    'cannot be a metadata key: at most 63 letters, digits, "-", "_" and ".", not beginning or ending with a sign, perhaps after a domain and "/"',
};
const LABEL_VALUE = text({
  coerce: true,
  maxLength: 63,
  pattern: '^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)?$',
});
const MAX_ANNOTATION_LENGTH = 5000;

const METADATA = record(
  'metadata',
  table({
    labels: ignored(
      mapOf(LABEL_VALUE, LABEL_KEY),
      'Labels of the app.',
      'checked; nothing here uses it',
      'labels: {team: blue}',
    ),
    annotations: ignored(
      mapOf(text({ coerce: true, maxLength: MAX_ANNOTATION_LENGTH }), LABEL_KEY),
      'Annotations of the app.',
      'checked; nothing here uses it',
      'annotations: {contact: me@example.com}',
    ),
  }),
);

const FEATURES = record(
  'features',
  table({
    ssh: ignored(
      boolean,
      'Whether ssh into the app is allowed.',
      'there is no container to enter',
      'ssh: true',
    ),
    revisions: ignored(
      boolean,
      'Whether revisions are kept.',
      'one version of an app is kept',
      'revisions: true',
    ),
    'service-binding-k8s': honoured(
      boolean,
      'Bindings as files, in the Kubernetes layout.',
      'a folder per binding below SERVICE_BINDING_ROOT, and no VCAP_SERVICES',
      'service-binding-k8s: true',
    ),
    'file-based-vcap-services': honoured(
      boolean,
      'VCAP_SERVICES as a file.',
      'VCAP_SERVICES_FILE_PATH names the file, and there is no VCAP_SERVICES',
      'file-based-vcap-services: true',
    ),
  }),
  { unknown: 'refuse' },
);

const DOCKER = record(
  'docker',
  table({
    image: ignored(
      anyScalar,
      'The image.',
      'no containers here: the app is refused with this reason',
      'image: registry/image:tag',
    ),
    username: ignored(anyScalar, 'User of the registry.', 'no containers here', 'username: me'),
  }),
);

/** Keys of an app. */
export const APP_KEYS: KeyTable = table({
  name: honoured(
    text({ coerce: true, pattern: '^\\s*\\S' }),
    'The name of the app.',
    'names the app in its space and its default route',
    'name: my-app',
    { required: true, refusal: 'Name must not be empty' },
  ),
  path: honoured(
    anyScalar,
    'Folder of the app, relative to the manifest; without it the current folder.',
    'the app runs there',
    'path: ./api',
  ),
  ...PROCESS_ATTRIBUTES,
  buildpacks: approximated(
    listOf(string),
    'Buildpacks by name or URL.',
    'the name chooses among the built-in buildpacks; URLs are not fetched',
    'buildpacks: [nodejs_buildpack]',
    {
      refusal: 'Buildpacks can only contain strings',
    },
  ),
  buildpack: approximated(
    text({ maxLength: 4096 }),
    'One buildpack; write "buildpacks" instead.',
    'the name chooses among the built-in buildpacks; URLs are not fetched',
    'buildpack: nodejs_buildpack',
    {
      refusal: 'Buildpack must be a string',
    },
  ),
  stack: ignored(
    string,
    'The root file system.',
    'apps run on this machine, whatever it is',
    'stack: cflinuxfs4',
    { refusal: 'Stack must be a string' },
  ),
  lifecycle: approximated(
    text({ coerce: true, choices: ['buildpack', 'cnb', 'docker'] }),
    'How the app is staged.',
    'buildpack and cnb are staged alike; docker is refused',
    'lifecycle: buildpack',
  ),
  'cnb-credentials': ignored(
    anything,
    'Credentials for cloud native buildpacks.',
    'none are fetched',
    'cnb-credentials: {}',
  ),
  docker: ignored(
    DOCKER,
    'Image to run instead of a staged app.',
    'no containers here: the app is refused with this reason',
    'docker: {image: "registry/image:tag"}',
  ),
  env: honoured(
    mapOf(anything),
    'Environment variables.',
    'literal text, as the platform renders it',
    'env: {LOG_LEVEL: debug}',
    { refusal: 'Env must be an object of keys and values' },
  ),
  routes: approximated(
    listOf(ROUTE),
    'Routes to the web process.',
    'served by the router on this machine; one that is gone from the manifest is gone here, where the platform keeps it',
    'routes: [{route: my-app.localhost}]',
    { refusal: 'Routes must be a list of route objects' },
  ),
  'no-route': honoured(
    boolean,
    'No route at all; wins over "routes".',
    'existing routes are removed too',
    'no-route: true',
    { refusal: 'No-route must be a boolean' },
  ),
  'random-route': honoured(
    boolean,
    'A random host name, if the app has no routes yet.',
    'the same words for the same folder, every time',
    'random-route: true',
    { refusal: 'Random-route must be a boolean' },
  ),
  'default-route': honoured(
    boolean,
    'NAME.DOMAIN, if the app has no routes yet.',
    'the client asks for it anyway',
    'default-route: true',
    { refusal: 'Default-route must be a boolean' },
  ),
  services: honoured(
    listOf({ kind: 'either', scalar: anyScalar, map: SERVICE }),
    'Service instances to bind; they must exist.',
    'bound if they exist in this space',
    'services: [my-cache]',
    { refusal: 'Services must be a list of service instances' },
  ),
  processes: honoured(
    listOf(PROCESS),
    'Processes by type; a "web" entry replaces the app-level attributes.',
    'each type runs with its own attributes',
    'processes: [{type: worker, command: ./work}]',
    { refusal: 'Processes must be an array of process configurations' },
  ),
  sidecars: honoured(
    listOf(SIDECAR),
    'Processes that accompany others.',
    'started with each instance, which ends when one of them does',
    'sidecars: [{name: proxy, process_types: [web], command: ./proxy}]',
    { refusal: 'Sidecars must be an array of sidecar configurations' },
  ),
  metadata: ignored(
    METADATA,
    'Labels and annotations.',
    'checked; nothing here uses it',
    'metadata: {labels: {team: blue}}',
    { refusal: 'Metadata must be an object' },
  ),
  features: approximated(
    FEATURES,
    'Features switched on or off.',
    'those about bindings are honoured; the others have no meaning here',
    'features: {ssh: false}',
    { refusal: 'Features must be a map of valid feature names to booleans' },
  ),
});

const STACKATO_KEY = 'This is a key of Stackato; if the whole manifest is, say so with --dialect stackato';

/** Keys of the other dialect, for those who come from there. */
const FROM_STACKATO: ReadonlyMap<string, string> = new Map([
  ['mem', 'Write "memory", with a unit: memory: 256M'],
  ['disk', 'Write "disk_quota", with a unit: disk_quota: 512M'],
  ['url', 'Write: routes: [{route: HOST.DOMAIN}]'],
  ['urls', 'Write: routes: [{route: HOST.DOMAIN}, …]'],
  ['subdomain', 'Write: routes: [{route: HOST.DOMAIN}]'],
  ...[
    'stackato',
    'framework',
    'runtime',
    'requirements',
    'hooks',
    'cron',
    'ignores',
    'depends-on',
    'docker_image',
  ].map((key): [string, string] => [key, STACKATO_KEY]),
]);

export const APP = record('an app', APP_KEYS, { elsewhere: FROM_STACKATO });

export const FILE = record(
  'the manifest',
  table({
    version: honoured(integer(1, 1), 'The schema version: 1.', 'checked', 'version: 1', {
      refusal: 'Unsupported manifest schema version. Currently supported versions: [1].',
    }),
    applications: honoured(listOf(anything), 'The apps.', 'all are pushed', 'applications: [{name: web}]', {
      refusal: "Cannot parse manifest with no 'applications' field: it must be a list of apps",
    }),
  }),
);

/** Keys that older clients honoured and today's drop without a word, with what to write instead. */
export const INERT_APP_KEYS: ReadonlyMap<string, string> = new Map([
  ['host', 'Write: routes: [{route: HOST.DOMAIN}]'],
  ['hosts', 'Write: routes: [{route: HOST.DOMAIN}, …]'],
  ['domain', 'Write: routes: [{route: HOST.DOMAIN}]'],
  ['domains', 'Write: routes: [{route: HOST.DOMAIN}, …]'],
  ['no-hostname', 'Write: routes: [{route: DOMAIN}]'],
  ['inherit', 'Repeat the values here, or use YAML anchors'],
  ['strategy', 'Give it to the push command: --strategy'],
  ['cpu', 'CPU follows from memory'],
]);

export const INERT_TOP_KEYS: ReadonlyMap<string, string> = new Map([
  ['inherit', 'Manifests cannot inherit any more; repeat the values, or use YAML anchors'],
]);
