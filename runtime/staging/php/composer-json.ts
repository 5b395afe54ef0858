/** The parts of composer.json that staging uses. */
import type { AppSource } from '../types.ts';

export interface Composer {
  /** Packages to be installed. */
  readonly packages: readonly string[];
  /** Extensions of PHP, without `ext-`. */
  readonly extensions: readonly string[];
}

/** Undefined where there is none, or none that can be read: Composer itself says what is wrong. */
export function readComposer(source: AppSource): Composer | undefined {
  const text = source.readText('composer.json');
  if (text === undefined) return undefined;
  const names = requiredNames(text);
  if (!names) return { packages: ['?'], extensions: [] };
  return {
    packages: names.filter((name) => name.includes('/')),
    extensions: names.flatMap((name) => (/^ext-[\w-]+$/.test(name) ? [name.slice(4)] : [])),
  };
}

function requiredNames(text: string): readonly string[] | undefined {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null) return undefined;
    const required: unknown = 'require' in json ? json.require : {};
    return typeof required === 'object' && required !== null ? Object.keys(required) : undefined;
  } catch {
    return undefined;
  }
}
