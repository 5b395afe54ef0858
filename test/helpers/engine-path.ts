/** Where tests look for engines: this machine's PATH, and what `test/services/engines/install.sh` fetched. */
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FETCHED = fileURLToPath(new URL('../../node_modules/.cache/engines', import.meta.url));

/** Debian's engines, and MongoDB, which Debian does not have. */
export const ENGINE_PATH = pathWith('mongodb-6.0');

/** With a fetched engine before all others; the same as ever where it is not there. */
export function pathWith(engine: string): string {
  return [join(FETCHED, engine, 'bin'), process.env.PATH!].join(delimiter);
}
