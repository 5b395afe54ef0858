/**
 * One short question to a system tool (`ps`, `lsof`), where there is no /proc to read.
 * The lowest of all files about processes: `process.ts` itself leans on it.
 */
// oxlint-disable-next-line no-restricted-imports -- process.ts imports what imports this; going through it would be a cycle
import { spawnSync } from 'node:child_process';

const ASK_TIMEOUT_MS = 3000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** What the tool printed, whatever its exit code; undefined where it is missing or does not answer in time. */
export function ask(file: string, args: readonly string[]): string | undefined {
  const answer = spawnSync(file, args, {
    encoding: 'utf8',
    // A fixed language, so that what is parsed does not depend on the user's.
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: ASK_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_ANSWER_BYTES,
  });
  return answer.error ? undefined : answer.stdout;
}
