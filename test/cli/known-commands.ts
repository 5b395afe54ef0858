/** What users of the two clients type: every command of cf (7 to 9) and of stackato (3.2), and cf's short names. */

export const CF_COMMANDS = `
add-network-policy add-plugin-repo allow-space-ssh api app apply-manifest apps auth bind-route-service
bind-running-security-group bind-security-group bind-service bind-staging-security-group buildpacks cancel-deployment
check-route cleanup-outdated-service-bindings config continue-deployment copy-source create-app create-app-manifest
create-buildpack create-isolation-segment create-org create-org-quota create-package create-private-domain create-route
create-security-group create-service create-service-broker create-service-key create-shared-domain create-space
create-space-quota create-user create-user-provided-service curl delete delete-buildpack delete-isolation-segment
delete-org delete-org-quota delete-orphaned-routes delete-private-domain delete-route delete-security-group
delete-service delete-service-broker delete-service-key delete-shared-domain delete-space delete-space-quota delete-user
disable-feature-flag disable-org-isolation disable-service-access disable-ssh disallow-space-ssh domains
download-droplet droplets enable-feature-flag enable-org-isolation enable-service-access enable-ssh env events
feature-flag feature-flags get-health-check get-readiness-health-check help install-plugin isolation-segments labels
list-plugin-repos login logout logs map-route marketplace move-route network-policies oauth-token org org-quota
org-quotas org-users orgs packages passwd plugins purge-service-instance purge-service-offering push
remove-network-policy remove-plugin-repo rename rename-org rename-service rename-service-broker rename-space
repo-plugins reset-org-default-isolation-segment reset-space-isolation-segment restage restart restart-app-instance
revision revisions rollback route router-groups routes run-task running-environment-variable-group
running-security-groups scale security-group security-groups service service-access service-brokers service-key
service-keys services set-droplet set-env set-health-check set-label set-org-default-isolation-segment set-org-quota
set-org-role set-readiness-health-check set-running-environment-variable-group set-space-isolation-segment
set-space-quota set-space-role set-staging-environment-variable-group share-private-domain share-route share-service
space space-quota space-quotas space-ssh-allowed space-users spaces ssh ssh-code ssh-enabled stack stacks stage
stage-package staging-environment-variable-group staging-security-groups start stop target task tasks terminate-task
unbind-route-service unbind-running-security-group unbind-security-group unbind-service unbind-staging-security-group
uninstall-plugin unmap-route unset-env unset-label unset-org-role unset-space-quota unset-space-role
unshare-private-domain unshare-route unshare-service update-buildpack update-org-quota update-route
update-security-group update-service update-service-broker update-space-quota update-user-provided-service
upgrade-service version v3-push
`;

/** Short name → what it stands for. */
export const CF_ALIASES: Readonly<Record<string, string>> = {
  a: 'apps', p: 'push', st: 'start', sp: 'stop', rs: 'restart', rg: 'restage', d: 'delete', e: 'env', se: 'set-env',
  ue: 'unset-env', rt: 'run-task', r: 'routes', s: 'services', m: 'marketplace', cs: 'create-service',
  ds: 'delete-service', bs: 'bind-service', us: 'unbind-service', cups: 'create-user-provided-service',
  uups: 'update-user-provided-service', f: 'files',
}; // prettier-ignore

/** Of commands that have no meaning here. */
export const CF_ALIASES_EXPLAINED = 'l lo t o co csp csb csk dsk sk pw brs urs revg sevg srevg ssevg';

export const STACKATO_COMMANDS = `
add-service-broker add-user admin alias aliases app apps bind-security-group bind-service buildpacks clone-services color
colors crashes crashlogs create-app create-buildpack create-domain create-org create-security-group create-service
create-service-auth-token create-service-broker create-space create-space-quota curl dbshell delete delete-buildpack
delete-domain delete-org delete-route delete-security-group delete-service delete-service-auth-token
delete-service-broker delete-space delete-space-quota delete-user disable-feature-flag disk domains drain drains
enable-feature-flag env env-add env-del events feature-flag feature-flags file files frameworks group groups guid health
help hide-service-plan history info instances limits link-user-org link-user-space list login login-fields logout logs
map map-domain marketplace mem migrate named-entities open org org-users orgs passwd placement-zone placement-zones
purge-service-offerings push quota quota-org quotas register releases remove-service-broker rename rename-buildpack
rename-org rename-service rename-space rename-space-quota restage restart rollback routes run runtimes scale scp
security-group security-groups service service-auth-tokens service-brokers service-plan service-plans services set-env
set-placement-zone set-space-quota show-service-plan show-token space space-quota space-quotas space-users spaces ssh
stacks start stats stop switch-org switch-space switch-version tail target targets token tokens trace tunnel unalias
unbind-security-group unbind-service unlink-user-org unlink-user-space unmap unmap-domain unregister unset-env
unset-placement-zone unset-space-quota update update-buildpack update-org update-security-group
update-service-auth-token update-service-broker update-service-plan update-space update-space-quota
update-user-provided-service usage user user-info users version versions
`;

export const words = (text: string): readonly string[] => text.trim().split(/\s+/);
