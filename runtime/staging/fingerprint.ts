import { createHash } from 'node:crypto';
import type { Json } from '../../services/kit/json.ts';

/** Identifies what defines a set of dependencies: equal parts, equal fingerprint. 32 hex digits. */
export function fingerprint(parts: Json): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
