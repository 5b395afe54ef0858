/**
 * The user, password and name of a service, kept beside its data as well: a record that was lost would otherwise leave
 * the data locked up behind credentials that nobody knows any more.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '../../services/kit/contract.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';

const FILE = 'identity.json';

/** Does nothing for a service that keeps no data, or where it cannot be written: the record has it too. */
export function keepIdentity(dataDir: string, identity: Identity): void {
  const file = join(dataDir, FILE);
  if (!existsSync(dataDir) || existsSync(file)) return;
  try {
    writeFileAtomic(file, `${JSON.stringify(identity)}\n`);
  } catch {
    // A full disk will be told by the engine.
  }
}

/** Of data that is there without a record. */
export function keptIdentity(dataDir: string): Identity | undefined {
  try {
    const { user, password, name } = JSON.parse(
      readFileSync(join(dataDir, FILE), 'utf8'),
    ) as Partial<Identity>;
    return typeof user === 'string' && typeof password === 'string' && typeof name === 'string'
      ? { user, password, name }
      : undefined;
  } catch {
    return undefined;
  }
}
