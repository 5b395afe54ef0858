/** Commands of `cf` and `stackato` that have no meaning on one's own machine: each says why, in one line. */
import type { Group } from '../define.ts';

const ALONE = 'there is no account here: whoever can read your files is you';
const ONE_PLATFORM = 'there is one platform here, this machine; spaces are chosen with --space';
const NO_ORGS = 'there are no organizations here; spaces are made by using them: --space NAME';
const NO_QUOTA = 'nothing is limited here but the memory of each instance, by its manifest';
const BUILT_IN = 'what stages an app is built in; see "paas-local plan" for what was found';
const PLATFORM_TEAM = 'there is nobody else here to allow anything or to forbid it';

const WHY: Readonly<Record<string, string>> = {
  login: ALONE,
  l: ALONE,
  logout: ALONE,
  lo: ALONE,
  auth: ALONE,
  passwd: ALONE,
  register: ALONE,
  whoami: ALONE,
  tokens: ALONE,
  'oauth-token': ALONE,
  target: ONE_PLATFORM,
  t: ONE_PLATFORM,
  targets: ONE_PLATFORM,
  api: ONE_PLATFORM,
  info: ONE_PLATFORM,
  orgs: NO_ORGS,
  o: NO_ORGS,
  org: NO_ORGS,
  'create-org': NO_ORGS,
  'switch-org': NO_ORGS,
  spaces: NO_ORGS,
  'create-space': NO_ORGS,
  'switch-space': NO_ORGS,
  quota: NO_QUOTA,
  quotas: NO_QUOTA,
  usage: NO_QUOTA,
  'set-quota': NO_QUOTA,
  users: PLATFORM_TEAM,
  'org-users': PLATFORM_TEAM,
  'space-users': PLATFORM_TEAM,
  'set-space-role': PLATFORM_TEAM,
  'add-user': PLATFORM_TEAM,
  'feature-flags': PLATFORM_TEAM,
  'security-groups': PLATFORM_TEAM,
  'allow-space-ssh': PLATFORM_TEAM,
  'enable-ssh': PLATFORM_TEAM,
  'ssh-enabled': PLATFORM_TEAM,
  'network-policies': PLATFORM_TEAM,
  'add-network-policy': PLATFORM_TEAM,
  buildpacks: BUILT_IN,
  'create-buildpack': BUILT_IN,
  stacks: BUILT_IN,
  stack: BUILT_IN,
  frameworks: BUILT_IN,
  runtimes: BUILT_IN,
  'service-brokers': 'service types are built in; see "paas-local marketplace"',
  'create-service-broker': 'service types are built in; see "paas-local marketplace"',
  domains: 'every name below ".localhost" reaches this machine, and any other that the manifest names',
  'create-domain': 'no domain has to be made: map any, with "paas-local map-route"',
  'create-route': 'a route is made by mapping it: "paas-local map-route"',
  'check-route': 'every route is free here; see "paas-local routes"',
  tunnel: 'services listen on this machine already; see "paas-local service NAME"',
  scp: 'the files of an app are in its own folder; see "paas-local app"',
  update: 'push does that: "paas-local push"',
  droplets: 'an app runs from its folder; nothing is packed or kept of earlier pushes',
  packages: 'an app runs from its folder; nothing is packed or kept of earlier pushes',
  revisions: 'an app runs from its folder; nothing is packed or kept of earlier pushes',
  rollback: 'an app runs from its folder: put the older version there, with git for instance, and push',
};

/** Declared only when they are asked for: neither help nor completion shows them. */
export const isExplained = (name: string): boolean => Object.hasOwn(WHY, name);

export const explained: Group = {
  title: '',
  declare(define) {
    for (const [name, why] of Object.entries(WHY)) {
      define(
        `${name} [words...]`,
        why,
        async ({ terminal, json }) => {
          if (json) terminal.out(JSON.stringify({ command: name, needed: false, why }));
          else terminal.out(`"${name}" is not needed here: ${why}`);
          return 0;
        },
        { hidden: true },
      ).allowUnknownOption();
    }
  },
};
