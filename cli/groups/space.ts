import { InvalidArgumentError } from 'commander';
import type { PruneOptions } from '../commands/prune.ts';
import type { TrustOptions } from '../commands/trust.ts';
import type { StoreKind } from '../../runtime/tls/trust-stores.ts';
import type { Group } from '../define.ts';
import { VERSION } from '../../runtime/kernel/version.ts';

export const space: Group = {
  title: 'Space:',
  declare(define) {
    define('ps', 'List the processes of the space, with their ports', async (context) =>
      (await import('../commands/ps.ts')).ps(context),
    );

    define<PruneOptions>(
      'prune',
      'Remove what nothing needs any more: processes, folders and logs that are left over',
      async (context, _, options) => (await import('../commands/prune.ts')).prune(context, options),
    ).option('-f, --force', 'do not ask');

    define<TrustOptions>(
      'trust',
      'Say how this machine comes to trust the certificates of "push --tls"',
      async (context, _, options) => (await import('../commands/trust.ts')).trust(context, options),
    )
      .option('--install', 'do it, where it can be done by commands')
      .option('--remove', 'undo it')
      .option(
        '--store <kind>',
        'only these: system, chromium, firefox; may be given several times',
        store,
        [],
      )
      .option('-f, --force', 'do not ask');

    define('version', 'Print the version', async ({ terminal, json }) => {
      terminal.out(json ? JSON.stringify({ version: VERSION }) : `paas-local version ${VERSION}`);
      return 0;
    }).alias('v');

    // Its action is the program's own: it tells of all commands.
    define('completion <shell>', 'Print completion for bash, zsh or fish', async () => 0);

    define('doctor', 'Say what is here, and clean up after a crash', async (context) =>
      (await import('../commands/doctor.ts')).doctor(context),
    );
  },
};

const STORES: readonly StoreKind[] = ['system', 'chromium', 'firefox'];

function store(text: string, earlier: readonly StoreKind[]): readonly StoreKind[] {
  const kind = STORES.find((one) => one === text);
  if (kind) return [...earlier, kind];
  throw new InvalidArgumentError(`Allowed choices are ${STORES.join(', ')}.`);
}
