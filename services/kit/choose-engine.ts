/** Which of the engines found is taken: one that can open the data there is, then the version asked for, then the first. */
import type { ServiceContext } from './contract.ts';
import { engineMissing, findEngines, type Engine, type EngineKind } from './engine.ts';
import { ServiceError } from './service-error.ts';

export interface DataVersion {
  /** `13`, `10.11`, as the data folder tells. */
  readonly version: string;
  readonly product: string;
  /** Whether this engine may open it without changing it for good. */
  readonly opensWith: (engine: Engine) => boolean;
}

/**
 * @param data what the data folder was made by; undefined where there is none yet
 * @throws ServiceError `SERVICE_ENGINE_MISSING`, `SERVICE_DATA_VERSION`
 */
export async function chooseEngine(
  kind: EngineKind,
  context: ServiceContext,
  data: DataVersion | undefined,
): Promise<Engine> {
  const engines = await findEngines(kind, context);
  if (engines.length === 0) throw await engineMissing(kind, context);
  const able = data ? engines.filter(data.opensWith) : engines;
  if (data && able.length === 0) {
    throw new ServiceError(
      'SERVICE_DATA_VERSION',
      `its data was written by ${data.product} ${data.version}, and here is ${engines.map(({ version }) => version).join(', ')}; it was not touched`,
      {
        data: data.version,
        product: data.product,
        found: engines.map(({ version }) => version),
        folder: context.dataDir,
      },
    );
  }
  const wanted = context.version;
  if (wanted === undefined || wanted === '') return able[0]!;
  const exact = able.find(({ version }) => version === wanted || version.startsWith(`${wanted}.`));
  if (exact) return exact;
  const [taken] = able;
  context.log(
    `version ${wanted} was asked for and is not here; ${kind.product} ${taken!.version} is used instead`,
  );
  return taken!;
}

/** How the choice is told: `PostgreSQL 15.14 (/usr/lib/postgresql/15/bin/postgres)`. */
export function describeEngine(product: string, engine: Engine, context: ServiceContext): string {
  const { version } = context;
  const other =
    version && engine.version !== version && !engine.version.startsWith(`${version}.`)
      ? `, not ${version} as asked`
      : '';
  return `${product} ${engine.version}${other} (${engine.file})`;
}
