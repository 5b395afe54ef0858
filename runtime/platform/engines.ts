/** Which engines this machine has, for whoever wants to know before a push does. */
import type { EngineReport, EngineSearch, ServiceType } from '../../services/kit/contract.ts';
import { unprivileged } from '../../services/kit/unprivileged.ts';
import { absolutePath } from '../kernel/names.ts';
import type { SpacePaths } from '../state/home.ts';

export interface EnginesHere {
  /** One for each engine, in the order of the types. */
  readonly kinds: readonly EngineReport[];
  /** As whom they would run, where that is not who we are. */
  readonly runAs: string;
  /** Why none of them can be started by this user. */
  readonly problem?: string;
}

/** Where a space's services look for what is shared by all of them. */
export const engineFolders = (paths: SpacePaths): Pick<EngineSearch, 'cacheDir' | 'packageFolders'> => ({
  cacheDir: absolutePath('services', paths.cache),
  packageFolders: [absolutePath('engines', paths.home)],
});

export async function enginesHere(types: readonly ServiceType[], where: EngineSearch): Promise<EnginesHere> {
  const reports = await Promise.all(types.map(async (type) => type.engines?.(where)));
  // Two types may stand on one engine.
  const kinds = new Map(reports.flatMap((report) => (report ? [[report.product, report]] : [])));
  const how = await unprivileged().catch((error: Error) => error);
  return {
    kinds: [...kinds.values()],
    ...(how instanceof Error ? { runAs: '', problem: how.message } : { runAs: how.how }),
  };
}
