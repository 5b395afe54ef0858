/** Looks into the apps' folders and joins what is there with the manifest: Manifest → Plan, for this space. */
import { statSync } from 'node:fs';
import type { ServiceType } from '../../services/kit/contract.ts';
import { pointer } from '../kernel/diagnostics.ts';
import { PaasError } from '../kernel/errors.ts';
import type { Overrides } from '../manifest/options.ts';
import type { AppManifest, Manifest } from '../manifest/types.ts';
import { carriedOver, withByHand } from '../plan/by-hand.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { AppPlan, Plan } from '../plan/types.ts';
import { openAppSource, remembering } from '../staging/app-source.ts';
import { detect } from '../staging/stager.ts';
import type { AppFacts, AppSource } from '../staging/types.ts';
import type { ManifestSource, SpaceRecord } from '../state/record.ts';

/** How many names of a folder a message shows. */
const LISTED = 30;

/**
 * @param mayBeReplaced what `Services` says of a service, given the apps of the push
 * @throws PaasError `APP_FOLDER_MISSING` and those of `makePlan`
 */
export function planFor(
  manifest: Manifest,
  source: Pick<ManifestSource, 'noWatch' | 'command'> & { readonly servicesOnly?: boolean },
  record: SpaceRecord,
  serviceTypes: readonly ServiceType[],
  mayBeReplaced: (service: string, pushed: ReadonlySet<string>) => boolean,
): Plan {
  const facts = new Map<string, AppFacts>();
  const listings = new Map<string, readonly string[]>();
  const folders = new Map<string, AppSource>();
  for (const app of manifest.apps) {
    checkFolder(app);
    const folder = folders.get(app.root) ?? remembering(openAppSource(app.root));
    folders.set(app.root, folder);
    facts.set(app.name, detect(folder, app));
    listings.set(app.name, folder.list().slice(0, LISTED));
  }
  return makePlan({
    manifest,
    facts,
    listings,
    serviceTypes,
    existing: new Map(Object.entries(record.services).map(([name, { plan }]) => [name, plan])),
    mayBeReplaced: (name) => mayBeReplaced(name, appsOf(manifest)),
    noWatch: source.noWatch,
    servicesOnly: source.servicesOnly === true,
    ...(source.command === undefined ? {} : { command: source.command }),
  });
}

/** The names of its apps. */
export function appsOf({ apps }: Manifest): ReadonlySet<string> {
  return new Set(apps.map(({ name }) => name));
}

/** With what was changed by hand, as far as that outlives a push with these flags. */
export function asRun(app: AppPlan, { apps }: SpaceRecord, flags: Overrides | undefined): AppPlan {
  const known = apps[app.name];
  return known ? withByHand(app, carriedOver(known.byHand, known.plan.manifest, app.manifest, flags)) : app;
}

function checkFolder(app: AppManifest): void {
  const facts = statSync(app.root, { throwIfNoEntry: false });
  if (facts?.isDirectory()) return;
  const problem = facts
    ? 'is not a folder; archives are not unpacked here, so name the folder it was made from'
    : null;
  throw new PaasError(
    'APP_FOLDER_MISSING',
    { app: app.name, root: app.root, problem },
    app.rootSpan
      ? { diagnostics: [pointer('APP_FOLDER_MISSING', 'The folder is named here', app.rootSpan)] }
      : {},
  );
}
