/** Commands of `cf` and `stackato` that have no meaning on one's own machine: each says why, in one line. */
import type { Group } from '../define.ts';

/** The sentence, and the commands it is for; short names behind their long ones. */
const WHY: readonly (readonly [string, string])[] = [
  [
    'there is no account here: whoever can read your files is you',
    'login l logout lo auth passwd pw register unregister whoami tokens token show-token login-fields oauth-token ' +
      'user user-info link-user-org unlink-user-org link-user-space unlink-user-space',
  ],
  [
    'there is one platform here, this machine; spaces are chosen with --space',
    'target t targets api info login-target named-entities admin trace migrate',
  ],
  [
    'there are no organizations here; spaces are made by using them: --space NAME',
    'orgs o org create-org co delete-org rename-org update-org switch-org quota-org spaces space create-space csp ' +
      'delete-space rename-space update-space switch-space',
  ],
  [
    'nothing is limited here but the memory of each instance, by its manifest',
    'quota quotas usage limits set-quota create-quota delete-quota update-quota org-quota org-quotas set-org-quota ' +
      'create-org-quota delete-org-quota update-org-quota space-quota space-quotas set-space-quota unset-space-quota ' +
      'create-space-quota delete-space-quota update-space-quota rename-space-quota',
  ],
  [
    'there is nobody else here to allow anything or to forbid it',
    'users org-users space-users set-org-role unset-org-role set-space-role unset-space-role create-user delete-user ' +
      'add-user group groups feature-flag feature-flags enable-feature-flag disable-feature-flag ' +
      'service-access enable-service-access disable-service-access hide-service-plan show-service-plan',
  ],
  [
    'apps reach each other and the network as any program of yours does',
    'security-group security-groups create-security-group update-security-group delete-security-group ' +
      'bind-security-group unbind-security-group bind-running-security-group unbind-running-security-group ' +
      'running-security-groups bind-staging-security-group unbind-staging-security-group staging-security-groups ' +
      'network-policies add-network-policy remove-network-policy access-rules',
  ],
  [
    'every app can be entered: "paas-local ssh"',
    'enable-ssh disable-ssh ssh-enabled ssh-code allow-space-ssh disallow-space-ssh space-ssh-allowed',
  ],
  [
    'there is one machine here, and all runs on it',
    'isolation-segments create-isolation-segment delete-isolation-segment enable-org-isolation disable-org-isolation ' +
      'set-org-default-isolation-segment reset-org-default-isolation-segment set-space-isolation-segment ' +
      'reset-space-isolation-segment placement-zone placement-zones set-placement-zone unset-placement-zone',
  ],
  [
    'what stages an app is built in; see "paas-local plan" for what was found',
    'buildpacks create-buildpack update-buildpack rename-buildpack delete-buildpack stacks stack frameworks runtimes',
  ],
  [
    'service types are built in; see "paas-local marketplace"',
    'service-brokers create-service-broker csb add-service-broker update-service-broker rename-service-broker ' +
      'delete-service-broker remove-service-broker purge-service-offering purge-service-offerings service-plan ' +
      'update-service-plan service-auth-tokens create-service-auth-token update-service-auth-token ' +
      'delete-service-auth-token upgrade-service',
  ],
  ['"paas-local delete-service" removes an instance whatever it is bound to', 'purge-service-instance'],
  [
    'a service has one login here, which "paas-local service NAME" shows, and --connect uses',
    'service-keys sk service-key create-service-key csk delete-service-key dsk cleanup-outdated-service-bindings',
  ],
  ['a service is in one space here; --bind gives another space its URL', 'share-service unshare-service'],
  [
    'services that stand in front of a route are not known here',
    'bind-route-service brs unbind-route-service urs route-policies add-route-policy remove-route-policy',
  ],
  [
    'every name below ".localhost" reaches this machine, and any other that the manifest names',
    'domains create-domain delete-domain create-private-domain delete-private-domain create-shared-domain ' +
      'delete-shared-domain share-private-domain unshare-private-domain share-route unshare-route move-route ' +
      'map-domain unmap-domain router-groups',
  ],
  ['a route is made by mapping it: "paas-local map-route"', 'create-route update-route'],
  ['a route that no app has does not exist here; see "paas-local routes"', 'delete-orphaned-routes route'],
  ['services listen on this machine already; see "paas-local service NAME"', 'tunnel'],
  ['the files of an app are in its own folder; see "paas-local app"', 'scp'],
  [
    'push does that: "paas-local push"',
    'update create-app apply-manifest stage stage-package create-package v3-push v3-create-app v3-stage',
  ],
  ['an app is pushed from its own folder: push the folder under another name, with --as', 'copy-source'],
  ['an app is named by its manifest: change it there (or use --as), push, and delete the old one', 'rename'],
  [
    'an app runs from its folder; nothing is packed or kept of earlier pushes',
    'droplets droplet set-droplet download-droplet packages versions releases revisions revision',
  ],
  [
    'an app runs from its folder: put the older version there, with git for instance, and push',
    'rollback switch-version',
  ],
  [
    'an app runs from its folder, so a canary and the older instances could not be told apart: --strategy rolling stops ' +
      'at the first instance that fails, and leaves the others as they are',
    'continue-deployment cancel-deployment v3-cancel-zdt-push v3-zdt-restart',
  ],
  [
    'labels stand in the manifest, under metadata; nothing here selects by them',
    'labels set-label unset-label',
  ],
  [
    'what all apps should be given stands in each manifest, or comes with --env',
    'running-environment-variable-group revg staging-environment-variable-group sevg ' +
      'set-running-environment-variable-group srevg set-staging-environment-variable-group ssevg',
  ],
  ['there is no API behind these commands; each of them prints JSON with --json', 'curl'],
  ['its ids are in "paas-local app --guid", and in every --json', 'guid'],
  [
    'nothing is configured here but by flags and variables of the environment: "paas-local help"',
    'config color colors alias aliases unalias history',
  ],
  [
    'there are no plugins here',
    'plugins install-plugin uninstall-plugin add-plugin-repo remove-plugin-repo list-plugin-repos repo-plugins',
  ],
];

/** Declared only when they are asked for: neither help nor completion shows them. */
export const isExplained = (name: string): boolean => why(name) !== undefined;

const why = (name: string): string | undefined =>
  WHY.find(([, commands]) => name !== '' && commands.split(' ').includes(name))?.[0];

/** The one that is asked for. */
export const explained = (name: string): Group => ({
  title: '',
  declare(define) {
    const because = why(name)!;
    define(
      `${name} [words...]`,
      `Not needed here: ${because}`,
      async ({ terminal, json }) => {
        if (json) terminal.out(JSON.stringify({ command: name, needed: false, why: because }));
        else terminal.out(`"${name}" is not needed here: ${because}`);
        return 0;
      },
      { hidden: true },
    ).allowUnknownOption();
  },
});

/** All of them, for the tests. */
export const EXPLAINED: readonly string[] = WHY.flatMap(([, commands]) => commands.split(' '));
