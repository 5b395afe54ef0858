/** The parts of package.json that staging uses. Never trusts its shape. */
import type { AppSource } from '../types.ts';

export interface PackageJson {
  readonly name: string | undefined;
  readonly main: string | undefined;
  readonly scripts: Readonly<Record<string, string>>;
  /** Ranges by name: what must be there to run. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly hasDevDependencies: boolean;
  readonly hasWorkspaces: boolean;
  /** `engines.node`. */
  readonly nodeRange: string | undefined;
  /** `pnpm@9.1.0`. */
  readonly packageManager: string | undefined;
}

/** `value` is undefined where there is no package.json, `problem` set where it is not one. */
export function readPackage(source: AppSource): { readonly value?: PackageJson; readonly problem?: string } {
  const text = source.readText('package.json');
  if (text === undefined) return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  if (!isRecord(json)) return { problem: 'it is not an object' };
  return {
    value: {
      name: textOf(json.name),
      main: textOf(json.main),
      scripts: textsOf(json.scripts),
      dependencies: textsOf(json.dependencies),
      hasDevDependencies: Object.keys(textsOf(json.devDependencies)).length > 0,
      hasWorkspaces: json.workspaces !== undefined,
      nodeRange: textOf(isRecord(json.engines) ? json.engines.node : undefined),
      packageManager: textOf(json.packageManager),
    },
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const textsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isRecord(value) ? value : {}).flatMap(([name, text]) =>
      typeof text === 'string' ? [[name, text]] : [],
    ),
  );
