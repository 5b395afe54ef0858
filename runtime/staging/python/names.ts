import { readdirSync } from 'node:fs';

/** Names in a folder of the system, sorted newest version first. Empty where there is none. */
export function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  } catch {
    return [];
  }
}
