/** `trust`: how this machine comes to trust the certificates of `push --tls`. Prints; `--install` and `--remove` do. */
import { homedir } from 'node:os';
import { runInForeground } from '../../services/kit/foreground.ts';
import { runToEnd } from '../../services/kit/process.ts';
import { PaasError } from '../../runtime/kernel/errors.ts';
import { shellQuote } from '../../runtime/kernel/shell-quote.ts';
import type { Trust } from '../../runtime/tls/open-trust.ts';
import type { Command, StoreKind, TrustStore, TrustSurroundings } from '../../runtime/tls/trust-stores.ts';
import type { CommonOptions, Context } from '../context.ts';
import { confirm } from '../render/confirm.ts';
import { shellOf } from '../which-app.ts';

export interface TrustOptions extends CommonOptions {
  readonly install?: boolean;
  readonly remove?: boolean;
  readonly force?: boolean;
  readonly store: readonly StoreKind[];
}

export async function trust(context: Context, options: TrustOptions): Promise<number> {
  if (options.install && options.remove)
    throw new PaasError('USAGE', { message: 'Cannot both install and remove: choose one' });
  const { openTrust } = await import('../../runtime/tls/open-trust.ts');
  const around = surroundingsOf(context);
  const look = async (): Promise<Trust> => {
    const all = await openTrust(context.paths.home, around, Date.now());
    const wanted = ({ kind }: TrustStore): boolean =>
      options.store.length === 0 || options.store.includes(kind);
    return { ...all, stores: all.stores.filter(wanted) };
  };
  const found = await look();
  if (!options.install && !options.remove) {
    show(context, found);
    return 0;
  }
  const action = options.install ? 'add' : 'remove';
  const failed = await change(context, found, action, options.force === true);
  const after = await look();
  if (context.json) context.terminal.out(JSON.stringify(asJson(after)));
  const done = after.stores.every(({ trusted, missing }) => missing || trusted === (action === 'add'));
  return failed || !done ? 1 : 0;
}

function surroundingsOf(context: Context): TrustSurroundings {
  const env = shellOf(context);
  return { env, home: env.HOME || homedir(), platform: process.platform, root: process.getuid?.() === 0 };
}

/** @returns whether a command failed. @throws PaasError `USAGE` where nobody agreed */
async function change(
  context: Context,
  { name, stores }: Trust,
  action: 'add' | 'remove',
  force: boolean,
): Promise<boolean> {
  const { terminal, json } = context;
  const say = (line: string): void => terminal[json ? 'err' : 'out'](line);
  for (const { name: store, missing } of stores)
    if (missing) say(`${store}: ${missing.program} is not installed${viaLine(missing.install)}`);
  const open = stores.filter(({ trusted, missing }) => !missing && trusted === (action === 'remove'));
  if (open.length === 0) {
    say(action === 'add' ? `${name} is trusted already` : `${name} is not trusted anywhere`);
    return false;
  }
  const commands = open.flatMap((store) => store[action]);
  for (const command of commands) say(`  ${shown(command)}`);
  const question = action === 'add' ? `Trust ${name}?` : `Trust ${name} no more?`;
  if (!force && !(await confirm(context, question, 'Nothing was changed')))
    throw new PaasError('USAGE', {
      message: 'Nothing was changed: it was not agreed to',
      hint: `Run these commands yourself, or agree with: paas-local trust --${action === 'add' ? 'install' : 'remove'} --force`,
    });
  let failed = false;
  for (const store of open) {
    const problem = await runAll(context, store[action]);
    failed ||= problem !== undefined;
    say(`${store.name}: ${problem ?? (action === 'add' ? 'trusted' : 'trusted no more')}`);
  }
  return failed;
}

/** @returns what failed */
async function runAll(context: Context, commands: readonly Command[]): Promise<string | undefined> {
  const env = shellOf(context);
  for (const [file, ...args] of commands) {
    try {
      // A password is asked for on the terminal.
      const asks = file === 'sudo' || file === 'security';
      const { code, output = '' } = asks
        ? { ...(await runInForeground({ file, args, cwd: context.cwd, env })), output: '' }
        : await runToEnd({ file, args, cwd: context.cwd, env });
      if (code !== 0)
        return `"${shown([file, ...args])}" ended with status ${code}${output && `: ${output.trim()}`}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}

function show({ terminal, json }: Context, found: Trust): void {
  if (json) {
    terminal.out(JSON.stringify(asJson(found)));
    return;
  }
  const { file, name, fingerprint, expires, stores } = found;
  terminal.out(`Authority ${name}, until ${new Date(expires).toISOString().slice(0, 10)}: ${file}`);
  terminal.out(`It can vouch for localhost, names below .localhost, 127.0.0.1 and ::1, and for nothing else`);
  terminal.out(`SHA-256 ${fingerprint}`);
  for (const store of stores) for (const line of storeLines(store)) terminal.out(line);
  terminal.out('\nPrograms that are told by a variable or an option:');
  for (const line of byHand(file)) terminal.out(`  ${line}`);
  terminal.out('\nApps pushed with --tls and commands run by "exec --tls" trust it already.');
  if (stores.some(({ trusted, missing }) => !trusted && !missing))
    terminal.out('All of the commands above are run by: paas-local trust --install');
}

function storeLines({ name, usedBy, trusted, add, missing }: TrustStore): readonly string[] {
  const title = `\n${name}, for ${usedBy}: ${trusted ? 'trusted' : 'not trusted'}`;
  if (trusted) return [title];
  return [
    title,
    ...(missing ? [`  ${missing.install ?? `# needs ${missing.program}`}`] : []),
    ...add.map((command) => `  ${shown(command)}`),
  ];
}

const byHand = (file: string): readonly string[] => {
  const quoted = shellQuote(file);
  return [
    `export NODE_EXTRA_CA_CERTS=${quoted}   # Node.js`,
    `export REQUESTS_CA_BUNDLE=${quoted}   # Python's requests: in place of all others`,
    `export SSL_CERT_FILE=${quoted}   # Python's ssl and others with OpenSSL: in place of all others`,
    `curl --cacert ${quoted} https://…`,
    `keytool -importcert -cacerts -alias paas-local -file ${quoted}   # Java`,
  ];
};

function asJson({ stores, ...authority }: Trust) {
  return { authority, stores };
}

const viaLine = (install: string | undefined): string =>
  install === undefined ? '' : `; install it with: ${install}`;
const shown = (command: Command): string => command.map(shellQuote).join(' ');
