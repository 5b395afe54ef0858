/**
 * What of the pushing shell's environment reaches an app. On the platform nothing does; here a short list must,
 * or no interpreter would be found. Everything else stays out, so that an app cannot come to lean on it.
 */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** Given to the app and to staging. */
const INHERITED = ['PATH', 'LANG', 'LANGUAGE', 'TZ', 'TERM', 'COLORTERM', 'USER', 'LOGNAME', 'SHELL'];
/** Locale categories: `LC_ALL`, `LC_CTYPE`, … */
const INHERITED_PREFIX = 'LC_';
/** Trust roots: without them an app behind a company's own authority cannot call out. */
const CERTIFICATES = [
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
];

/**
 * Version managers and toolchains look below HOME, which is the app's folder for an app.
 * Their own variable is set to where the user has them, when that folder exists.
 */
const BELOW_USER_HOME: Readonly<Record<string, string>> = {
  PYENV_ROOT: '.pyenv',
  RBENV_ROOT: '.rbenv',
  NVM_DIR: '.nvm',
  VOLTA_HOME: '.volta',
  ASDF_DATA_DIR: '.asdf',
  CARGO_HOME: '.cargo',
  RUSTUP_HOME: '.rustup',
  GOPATH: 'go',
};
const TOOLCHAINS = ['JAVA_HOME', 'GOROOT', 'DOTNET_ROOT', 'GEM_HOME', 'GEM_PATH'];

/** Only for installing: the app must not depend on them. */
const STAGING_ONLY =
  /^(https?_proxy|no_proxy|all_proxy|pip_.+|uv_.+|npm_config_.+|gobin|goproxy|goflags|gonosumdb|gosumdb|bundle_.+)$/i;

type Env = Readonly<Record<string, string | undefined>>;

/** The allowlisted part of `env`, for apps. */
export function inheritedEnv(env: Env): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of [...INHERITED, ...CERTIFICATES, ...TOOLCHAINS]) {
    if (env[name] !== undefined) kept[name] = env[name];
  }
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith(INHERITED_PREFIX) && value !== undefined) kept[name] = value;
  }
  for (const [name, folder] of Object.entries(BELOW_USER_HOME)) {
    if (env[name] !== undefined) kept[name] = env[name];
    else if (env.HOME !== undefined && existsSync(join(env.HOME, folder)))
      kept[name] = join(env.HOME, folder);
  }
  kept.PATH ??= '/usr/local/bin:/usr/bin:/bin';
  kept.LANG ??= 'en_US.UTF-8';
  kept.USER ??= userName();
  return kept;
}

/** Both platforms name the user; some shells do not. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'vcap'; // a number without a name, as in some containers
  }
}

/** What staging tools are given on top: the user's HOME (their caches and settings), proxies, index settings. */
export function toolEnv(env: Env): Record<string, string> {
  const kept = inheritedEnv(env);
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (name === 'HOME' || STAGING_ONLY.test(name))) kept[name] = value;
  }
  return kept;
}
