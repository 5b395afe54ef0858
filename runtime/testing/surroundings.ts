/** What a test platform takes of the process that starts it: read at that moment, never written. */

export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export function surroundings(): Surroundings {
  const env = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { env: Object.fromEntries(env), cwd: process.cwd() };
}
