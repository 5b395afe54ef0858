/**
 * What pushing an app again does to its variables, in the words of the Stackato client's `--env-mode`. Pure.
 *
 * - `preserve`, the client's choice for an app that exists: a variable that is set keeps its value, whatever the
 *   manifest says now; new ones are added.
 * - `append`: the manifest wins, variables it does not name stay.
 * - `replace`: the manifest's variables and no others.
 *
 * `--env` wins in every mode.
 */
import { emptyRecord } from './to-json.ts';
import type { EnvRequest } from './types.ts';

/** Origin of a variable taken over by `inherit: yes`. */
export const FROM_SHELL = 'inherited from the shell';

export type EnvMode = 'preserve' | 'append' | 'replace';
export type EnvRequests = Readonly<Record<string, EnvRequest>>;

/** `stored` is what the app has; undefined for one that is new. */
export function envOnPush(
  requested: EnvRequests,
  stored: EnvRequests | undefined,
  mode: EnvMode,
): EnvRequests {
  if (!stored || mode === 'replace') return requested;
  const result = Object.assign(emptyRecord<EnvRequest>(), stored);
  for (const [name, request] of Object.entries(requested)) {
    const isChosen = request.origin === '--env';
    if (mode === 'append' || isChosen || !Object.hasOwn(stored, name)) result[name] = request;
  }
  return result;
}
