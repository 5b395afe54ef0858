import { runToEnd } from '../services/kit/process.ts';
import type { Context } from './context.ts';

const OPEN_MS = 5000;

/** By `$BROWSER`, or by what the system opens URLs with. The URL was printed already, so a failure only says why. */
export async function openInBrowser(url: string, { env, cwd, terminal }: Context): Promise<void> {
  const file = env.BROWSER ?? (process.platform === 'darwin' ? 'open' : 'xdg-open');
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    const { code } = await runToEnd({
      file,
      args: [url],
      cwd,
      env: Object.fromEntries(given),
      timeoutMs: OPEN_MS,
      // The browser it started is the user's, and stays.
      keepLeftovers: true,
    });
    if (code !== 0) terminal.err(`"${file}" could not open it: exit status ${code}`);
  } catch (error) {
    terminal.err(error instanceof Error ? error.message : String(error));
  }
}
