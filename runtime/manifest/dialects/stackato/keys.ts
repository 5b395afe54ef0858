/**
 * Every key of a Stackato manifest: its shape, what it means, and what becomes of it here. The checker, "did you mean",
 * the JSON Schema and the parity report of `plan` all read these tables.
 *
 * A manifest has three places for keys. *App* keys stand in an app of `applications:`. *Block* keys stand in that app's
 * `stackato:` block. A *flat* manifest has one app at its top level, where both kinds stand side by side.
 */
import {
  anything,
  boolean,
  integer,
  listOf,
  mapOf,
  oneOrList,
  record,
  table,
  text,
  type KeyRule,
  type KeyTable,
  type Shape,
} from '../../shape.ts';

const string = text({ coerce: true });
const strings = oneOrList(string);
const size = { kind: 'size', of: 'memory' } as const;

const APP_ONLY: Readonly<Record<string, KeyRule>> = {
  name: {
    shape: string,
    summary: 'The name of the app: letters, digits and "-", at most 63 characters.',
    verdict: 'honoured',
    why: 'names the app in its space and its default route',
    example: 'name: my-app',
    required: true,
  },
  instances: {
    shape: integer(),
    summary: 'How many copies of the app run.',
    verdict: 'honoured',
    why: 'that many processes behind one route; less than 1 counts as 1',
    example: 'instances: 2',
  },
  memory: {
    shape: size,
    summary: 'Memory per instance: 128, 128M, 1G or 1.5G.',
    verdict: 'approximated',
    why: 'told to the app; what an instance takes is looked at every two seconds, and one that takes more is ended',
    refusal: 'Memory must be whole megabytes (128 or 128M) or gigabytes (1G, 1.5G); no other suffix is known',
    example: 'memory: 128M',
  },
  mem: {
    shape: size,
    summary: 'Memory per instance; wins over "memory".',
    verdict: 'approximated',
    why: 'told to the app; what an instance takes is looked at every two seconds, and one that takes more is ended',
    aliasOf: 'memory',
  },
  disk: {
    shape: size,
    summary: 'Disk per instance: 512, 512M, 1G or 1.5G.',
    verdict: 'approximated',
    why: 'told to the app (VCAP_APPLICATION) and not enforced',
    refusal: 'Disk must be whole megabytes (512 or 512M) or gigabytes (1G, 1.5G); no other suffix is known',
    example: 'disk: 512M',
  },
  disk_quota: {
    shape: size,
    summary: 'Disk per instance; wins over "disk".',
    verdict: 'approximated',
    why: 'told to the app (VCAP_APPLICATION) and not enforced',
    aliasOf: 'disk',
  },
  url: {
    shape: strings,
    summary: 'URLs of the app, without a scheme; [] makes it a worker without URL.',
    verdict: 'honoured',
    why: 'each is a route; any domain is accepted, since all lead to this machine',
    example: 'url: my-app.localhost',
  },
  urls: {
    shape: strings,
    summary: 'More URLs; joined with "url".',
    verdict: 'honoured',
    why: 'each is a route; any domain is accepted, since all lead to this machine',
    aliasOf: 'url',
  },
  host: {
    shape: string,
    summary: 'First label of a URL, in "domain" or the space domain.',
    verdict: 'honoured',
    why: 'makes the route HOST.DOMAIN',
    example: 'host: my-app',
  },
  subdomain: {
    shape: string,
    summary: 'Like "host"; both may be given and make two URLs.',
    verdict: 'honoured',
    why: 'makes the route SUBDOMAIN.DOMAIN',
    example: 'subdomain: my-app',
  },
  domain: {
    shape: string,
    summary: 'Domain for "host" and "subdomain"; alone, for the name of the app.',
    verdict: 'honoured',
    why: 'used as written; it need not exist',
    example: 'domain: example.com',
  },
  'no-route': {
    shape: boolean,
    summary: 'No URL at all: the app is a worker.',
    verdict: 'honoured',
    why: 'no route, and health means that the process lives',
    example: 'no-route: true',
  },
  services: {
    shape: {
      kind: 'either',
      list: listOf(string),
      map: mapOf({ kind: 'either', scalar: string, map: record('a service', serviceKeys()) }),
    },
    summary: 'Services to create and bind: NAME: TYPE, or NAME: {type: TYPE}, or a list of existing ones.',
    verdict: 'honoured',
    why: 'created in this space where missing, then bound',
    example: 'services: {my-cache: memcached}',
  },
  command: {
    shape: string,
    summary: 'The start command; takes the place of what the Procfile or detection says.',
    verdict: 'honoured',
    why: 'run by a shell with the full environment',
    example: 'command: node server.js',
  },
  framework: {
    shape: { kind: 'either', scalar: string, map: record('framework', frameworkKeys()) },
    summary: 'The framework (legacy buildpack): a name, or a mapping.',
    verdict: 'approximated',
    why: 'guides detection and default memory; "standalone" makes a worker',
    example: 'framework: {type: python, runtime: python3}',
  },
  runtime: {
    shape: string,
    summary: 'The runtime of the framework, such as python27.',
    verdict: 'approximated',
    why: 'the interpreter found on this machine is used, and a difference is said',
    example: 'runtime: python3',
  },
  buildpack: {
    shape: text({ coerce: true, maxLength: 4096 }),
    summary: 'Git URL of a buildpack.',
    verdict: 'approximated',
    why: 'its name chooses among the built-in buildpacks; the URL is not fetched',
    example: 'buildpack: https://github.com/cloudfoundry/python-buildpack',
  },
  stack: {
    shape: string,
    summary: 'Name of the operating system image.',
    verdict: 'ignored',
    why: 'apps run on this machine, whatever it is',
    example: 'stack: lucid64',
  },
  docker_image: {
    shape: string,
    summary: 'Image to run instead of a staged app.',
    verdict: 'ignored',
    why: 'no containers here: the app is refused with this reason',
    example: 'docker_image: registry/image:tag',
  },
  'depends-on': {
    shape: strings,
    summary: 'Apps that must be pushed before this one.',
    verdict: 'honoured',
    why: 'decides the order of start; a cycle is refused',
    example: 'depends-on: api',
  },
  timeout: {
    shape: integer(1),
    summary: 'Seconds the app has to open its port.',
    verdict: 'honoured',
    why: 'bounds the wait for the first healthy answer',
    example: 'timeout: 120',
  },
};

const ENV: KeyRule = {
  shape: mapOf({
    kind: 'either',
    scalar: string,
    map: record('an environment variable', envKeys(), { unknown: 'refuse' }),
  }),
  summary:
    'Environment variables: a value, or a mapping with default, required, inherit, prompt, choices, hidden, scope.',
  verdict: 'honoured',
  why: 'values are shell text, expanded at start after the system variables',
  example: 'env: {DJANGO_SETTINGS_MODULE: settings}',
};

const BLOCK: Readonly<Record<string, KeyRule>> = {
  env: ENV,
  processes: {
    shape: record(
      'processes',
      table({
        web: {
          shape: string,
          summary: 'Start command of the web process; ~ makes the app a worker.',
          verdict: 'honoured',
          why: 'run by a shell; ~ means no route and no port',
          example: 'web: gunicorn wsgi',
        },
      }),
    ),
    summary: 'Start commands by process type; only "web" is known.',
    verdict: 'honoured',
    why: 'processes.web is the start command',
    example: 'processes: {web: gunicorn wsgi}',
  },
  requirements: {
    shape: record('requirements', requirementKeys()),
    summary: 'Packages the app needs, by package manager.',
    verdict: 'approximated',
    why: 'pip and pypm are installed; system packages are reported',
    example: 'requirements: {pip: [django]}',
  },
  hooks: {
    shape: record('hooks', hookKeys()),
    summary: 'Commands run around staging and starting.',
    verdict: 'honoured',
    why: 'run by a shell in the app folder, in order; see each',
    example: 'hooks: {post-staging: [python manage.py migrate]}',
  },
  cron: {
    shape: strings,
    summary: 'Lines of a crontab.',
    verdict: 'honoured',
    why: 'run while the app runs, once for all its instances',
    example: 'cron: ["0 * * * * ./hourly"]',
  },
  ignores: {
    shape: listOf(string),
    summary: 'Files that are not uploaded; takes the place of the default list.',
    verdict: 'approximated',
    why: 'changes of such files restart nothing; they are left out only of the copy that push --staged makes',
    example: 'ignores: [.git, node_modules]',
  },
  min_version: {
    shape: record('min_version', versionKeys(), { unknown: 'refuse' }),
    summary: 'Oldest client and server that may be used.',
    verdict: 'ignored',
    why: 'versions of the original client and server mean nothing here; a demand beyond them is said',
    example: 'min_version: {client: 1.4.3}',
  },
  description: {
    shape: string,
    summary: 'A text about the app.',
    verdict: 'ignored',
    why: 'a text for readers of the manifest; nothing here shows it',
    example: 'description: Getting things done',
  },
  'sso-enabled': {
    shape: boolean,
    summary: 'The platform logs users in before they reach the app.',
    verdict: 'ignored',
    why: 'there are no users here',
    refusal: '"sso-enabled" must be true or false (yes/no, on/off, y/n)',
    example: 'sso-enabled: no',
  },
  autoscale: {
    shape: record('autoscale', autoscaleKeys()),
    summary: 'Bounds for scaling by load.',
    verdict: 'ignored',
    why: 'the number of instances stays as it is on this machine',
    example: 'autoscale: {enabled: yes}',
  },
  'placement-zone': {
    shape: string,
    summary: 'Zone of the machines that run the app.',
    verdict: 'ignored',
    why: 'there is one machine',
    example: 'placement-zone: zone-1',
  },
  placementzone: {
    shape: string,
    summary: 'Zone of the machines that run the app.',
    verdict: 'ignored',
    why: 'there is one machine',
    aliasOf: 'placement-zone',
  },
  drain: {
    shape: mapOf({ kind: 'either', scalar: string, map: record('a drain', drainKeys()) }),
    summary: 'Where to forward the logs: NAME: URL.',
    verdict: 'honoured',
    why: 'every line goes there as well, as logyard sent them',
    example: 'drain: {archive: "udp://logs.example.com:514/"}',
  },
  'force-war-unpacking': {
    shape: boolean,
    summary: 'Unpack .war files on upload.',
    verdict: 'ignored',
    why: 'nothing is uploaded',
    example: 'force-war-unpacking: yes',
  },
};

function serviceKeys(): KeyTable {
  const typeRule = (summary: string): KeyRule => ({
    shape: string,
    summary,
    verdict: 'honoured',
    why: 'chooses the service type',
    example: 'type: memcached',
  });
  return table({
    type: typeRule('The service type, such as memcached.'),
    label: typeRule('The service type; wins over "type".'),
    vendor: typeRule('The service type; "label" and "type" win.'),
    plan: {
      shape: string,
      summary: 'The plan; every built-in type has just "free".',
      verdict: 'approximated',
      why: 'recorded and shown to the app; plans do not differ here',
      example: 'plan: free',
    },
    version: {
      shape: string,
      summary: 'The version of the service.',
      verdict: 'approximated',
      why: 'an engine of that version is taken where one is installed; otherwise another, and it is said',
      example: 'version: "1.4"',
    },
    provider: {
      shape: string,
      summary: 'The provider of the service.',
      verdict: 'ignored',
      why: 'there is one provider: this machine',
      example: 'provider: core',
    },
    tags: {
      shape: strings,
      summary: 'Tags shown to the app.',
      verdict: 'honoured',
      why: 'added to the tags of the type in VCAP_SERVICES',
      example: 'tags: [cache]',
    },
    parameters: {
      shape: anything,
      summary: 'Parameters for creating the service.',
      verdict: 'approximated',
      why: 'given to the service type, which says what it does not know',
      example: 'parameters: {memory: 16}',
    },
    credentials: {
      shape: mapOf(string),
      summary: 'Credentials of a user-provided service.',
      verdict: 'honoured',
      why: 'handed to the app as given',
      example: 'credentials: {host: db.example.com}',
    },
  });
}

function frameworkKeys(): KeyTable {
  const rule = (summary: string, example: string, more: Partial<KeyRule> = {}): KeyRule => ({
    shape: string,
    summary,
    example,
    verdict: 'approximated',
    why: 'used where a built-in buildpack has the notion',
    ...more,
  });
  return table({
    type: rule('The name of the framework.', 'type: python', { why: 'guides detection and default memory' }),
    name: rule('The name of the framework.', 'name: python', { why: 'guides detection and default memory' }),
    runtime: rule('The runtime, such as python27.', 'runtime: python3', {
      why: 'the interpreter found on this machine is used, and a difference is said',
    }),
    'document-root': rule('Web root, relative to the home of the app.', 'document-root: public'),
    'start-file': rule('The main file.', 'start-file: wsgi.py'),
    'home-dir': rule('Working folder of hooks, relative to the app root.', 'home-dir: app', {
      verdict: 'ignored',
      why: 'hooks run in the app folder',
    }),
    'app-server': rule('The application server.', 'app-server: uwsgi', {
      verdict: 'ignored',
      why: 'the start command chooses the server',
    }),
    info: {
      shape: anything,
      summary: 'Internal facts of the framework.',
      verdict: 'ignored',
      why: 'internal to the original platform',
      example: 'info: {}',
    },
  });
}

function envKeys(): KeyTable {
  const honoured = (shape: Shape, summary: string, why: string, example: string): KeyRule => ({
    shape,
    summary,
    verdict: 'honoured',
    why,
    example,
  });
  return table({
    default: honoured(
      string,
      'The value to begin with.',
      'the value, unless inherited or overridden',
      'default: settings',
    ),
    inherit: honoured(
      boolean,
      'Take the value from the shell of the client where set.',
      'the shell that runs push is looked at',
      'inherit: yes',
    ),
    required: honoured(
      boolean,
      'There must be a value.',
      'asked for on a terminal, refused otherwise',
      'required: yes',
    ),
    prompt: honoured(
      string,
      'The question to ask.',
      'used when a value has to be asked for',
      'prompt: "Secret key"',
    ),
    choices: honoured(
      strings,
      'The values allowed.',
      'the value is checked against them',
      'choices: [debug, info]',
    ),
    hidden: honoured(boolean, 'The value is a secret.', 'masked wherever values are shown', 'hidden: yes'),
    scope: {
      shape: text({ coerce: true, choices: ['staging', 'runtime', 'both'] }),
      summary: 'Where the variable is set.',
      verdict: 'ignored',
      why: 'checked and then ignored, as on the original platform',
      example: 'scope: both',
    },
  });
}

function requirementKeys(): KeyTable {
  const nested = {
    kind: 'either',
    scalar: string,
    list: listOf({ kind: 'either', scalar: string, list: listOf(string) }),
  } as const;
  const installed = (manager: string): KeyRule => ({
    shape: strings,
    summary: `Packages for ${manager}.`,
    verdict: 'honoured',
    why: 'installed into an environment of the app alone',
    example: `${manager}: [django]`,
  });
  const reported = (manager: string): KeyRule => ({
    shape: nested,
    summary: `System packages (${manager}).`,
    verdict: 'approximated',
    why: 'reported, never installed: this machine is yours',
    example: `${manager}: [libxslt1-dev]`,
  });
  const perl = (manager: string): KeyRule => ({
    shape: strings,
    summary: `Perl modules (${manager}).`,
    verdict: 'ignored',
    why: 'there is no Perl buildpack here yet; the modules are listed',
    example: `${manager}: [Mojolicious]`,
  });
  const phase = record(
    'requirements of a phase',
    table({ ubuntu: reported('ubuntu'), redhat: reported('redhat'), unix: reported('unix') }),
  );
  const phaseRule = (name: string): KeyRule => ({
    shape: phase,
    summary: `System packages needed only for ${name}.`,
    verdict: 'approximated',
    why: 'reported, never installed: this machine is yours',
    example: `${name}: {ubuntu: [git]}`,
  });
  return table({
    pip: installed('pip'),
    pypm: {
      ...installed('pypm'),
      verdict: 'approximated',
      why: 'its repository is gone; the names are installed with pip',
    },
    cpan: perl('cpan'),
    ppm: perl('ppm'),
    ubuntu: reported('ubuntu'),
    redhat: reported('redhat'),
    unix: reported('unix'),
    staging: phaseRule('staging'),
    running: phaseRule('running'),
  });
}

function hookKeys(): KeyTable {
  const hook = (summary: string, why: string, name: string): KeyRule => ({
    shape: strings,
    summary,
    verdict: 'honoured',
    why,
    refusal: `A hook is a command or a list of commands; a command that holds ": " needs quotes`,
    example: `${name}: ["echo ready"]`,
  });
  return table({
    'pre-push': hook(
      'Run before the app is uploaded, on your machine.',
      'run by your shell in the app folder, before anything is staged',
      'pre-push',
    ),
    'pre-staging': hook(
      'Run before packages are installed.',
      'each command gets a fresh shell',
      'pre-staging',
    ),
    'post-staging': hook(
      'Run after packages are installed.',
      'each command gets a fresh shell',
      'post-staging',
    ),
    'pre-running': hook('Run before each start.', 'one shell for all of them and the app', 'pre-running'),
    'legacy-running': {
      ...hook('Internal mark of old imports.', 'internal to the original platform', 'legacy-running'),
      verdict: 'ignored',
    },
  });
}

function versionKeys(): KeyTable {
  const rule = (of: string): KeyRule => ({
    shape: string,
    summary: `Oldest ${of}.`,
    verdict: 'ignored',
    why: `versions of the original ${of} mean nothing here`,
    example: `${of}: 1.4.3`,
  });
  return table({ client: rule('client'), server: rule('server') });
}

function autoscaleKeys(): KeyTable {
  const ignored = (shape: Shape, summary: string, example: string): KeyRule => ({
    shape,
    summary,
    verdict: 'ignored',
    why: 'the number of instances stays as it is on this machine',
    example,
  });
  const count = integer(1);
  const percent = { kind: 'number', min: 0, max: 100 } as const;
  return table({
    enabled: ignored(boolean, 'Scale by load.', 'enabled: yes'),
    instances: ignored(
      record(
        'autoscale.instances',
        table({
          min: ignored(count, 'Fewest instances.', 'min: 1'),
          max: ignored(count, 'Most instances.', 'max: 4'),
        }),
      ),
      'Bounds of the number of instances.',
      'instances: {min: 1, max: 4}',
    ),
    cpu: ignored(
      record(
        'autoscale.cpu',
        table({
          min: ignored(percent, 'Percent of CPU below which to remove one.', 'min: 20'),
          max: ignored(percent, 'Percent of CPU above which to add one.', 'max: 80'),
        }),
      ),
      'Percentages of CPU at which to scale.',
      'cpu: {min: 20, max: 80}',
    ),
  });
}

function drainKeys(): KeyTable {
  return table({
    url: {
      shape: string,
      summary: 'Where to send the log lines.',
      verdict: 'honoured',
      why: 'udp:// one packet a line, tcp:// one line after the other',
      example: 'url: "udp://logs.example.com:514/"',
    },
    json: {
      shape: boolean,
      summary: 'Send them as JSON.',
      verdict: 'honoured',
      why: 'with the fields of logyard: Text, Source, InstanceIndex …',
      example: 'json: yes',
    },
  });
}

const PATH: KeyRule = {
  shape: string,
  summary: 'Folder of the app, relative to the manifest.',
  verdict: 'honoured',
  why: 'the app runs there',
  example: 'path: ./api',
};

const PROPERTIES: KeyRule = {
  shape: mapOf(anything),
  summary: 'Values for ${…}.',
  verdict: 'honoured',
  why: 'looked up by ${NAME}',
  example: 'properties: {suffix: dev}',
};

/** Keys that go into the `stackato:` block; in a flat manifest they stand at the top. */
export const BLOCK_KEYS: KeyTable = table(BLOCK);

/** Keys of an app in `applications:`. */
export const APP_KEYS: KeyTable = table({
  ...APP_ONLY,
  path: PATH,
  env: ENV,
  properties: PROPERTIES,
  stackato: {
    shape: record('the stackato block', BLOCK_KEYS),
    summary: 'Keys that only Stackato knows, apart from those of Cloud Foundry.',
    verdict: 'honoured',
    why: 'read key by key',
    example: 'stackato: {hooks: {post-staging: [make]}}',
  },
});

const MISPLACED_IN_APP: ReadonlyMap<string, string> = new Map([
  ...[...BLOCK_KEYS.keys()].map((key): [string, string] => [
    key,
    `Move it into the "stackato" block of the app: stackato: {${key}: …}`,
  ]),
  ['app-dir', 'Write "path"'],
]);

export const APP = record('an app', APP_KEYS, { elsewhere: MISPLACED_IN_APP });

/** Keys of an app at the top level of a file. */
export const FLAT_KEYS: KeyTable = table({
  // A flat app writes its runtime under "framework".
  ...Object.fromEntries(Object.entries(APP_ONLY).filter(([key]) => key !== 'runtime')),
  ...BLOCK,
  'app-dir': {
    ...PATH,
    summary: 'Folder of the app, relative to the manifest ("path" in a flat manifest).',
    example: 'app-dir: ./api',
  },
});

/** What may stand at the top level beside a flat app. */
export const TOP_KEYS: KeyTable = table({
  applications: {
    shape: { kind: 'either', list: listOf(APP), map: mapOf(APP) },
    summary: 'The apps: a list, or a mapping by folder.',
    verdict: 'honoured',
    why: 'all are pushed, dependencies first',
    example: 'applications: [{name: web}]',
  },
  inherit: {
    shape: strings,
    summary: 'Other manifests whose values count where this one has none.',
    verdict: 'honoured',
    why: 'read and merged; this file wins',
    example: 'inherit: base.yml',
  },
  properties: PROPERTIES,
});

/** Keys of an inner mapping that people write one level too high. */
const MISPLACED_AT_TOP: ReadonlyMap<string, string> = new Map(
  (
    [
      ['hooks', hookKeys()],
      ['requirements', requirementKeys()],
      ['framework', table({ runtime: frameworkKeys().get('runtime')! })],
      ['processes', table({ web: BLOCK.processes! })],
    ] as const
  ).flatMap(([parent, keys]) =>
    [...keys.keys()].map((key): [string, string] => [
      key,
      `Move it under "${parent}": ${parent}: {${key}: …}`,
    ]),
  ),
);

export const FILE = record(
  'the manifest',
  // Only a flat app needs a name; that is the normaliser's to say, since it knows whether there is one.
  new Map([...FLAT_KEYS, ...TOP_KEYS].map(([key, rule]) => [key, { ...rule, required: false }])),
  {
    unknownMeans: 'it is taken for a value that ${…} may use, which belongs under "properties"',
    elsewhere: MISPLACED_AT_TOP,
  },
);
