/**
 * Which services of a space are a name and nothing more: their first start failed, or is yet to come. What a manifest
 * says of such a one anew takes its place; one that has served keeps its type, for what it holds.
 */
import { readdirSync } from 'node:fs';
import type { ServiceType } from '../../services/kit/contract.ts';
import { UNFINISHED } from '../../services/kit/data-folder.ts';
import { absolutePath, type AbsolutePath } from '../kernel/names.ts';
import { fileNameFor } from '../state/home.ts';
import type { ServiceRecord, SpaceRecord } from '../state/record.ts';

export interface ServicesOfSpace extends Pick<SpaceRecord, 'services' | 'apps'> {
  readonly types: readonly ServiceType[];
  /** Where their data lies, each in a folder of its own. */
  readonly folder: AbsolutePath;
}

/**
 * False as well where an app wants it that is none of `pushed`, and for what has no port: its first start leaves no
 * trace, and what it was given by hand is all it is.
 */
export function neverServed(
  name: string,
  { services, apps, types, folder }: ServicesOfSpace,
  pushed: ReadonlySet<string>,
): boolean {
  const service = services[name];
  if (!service) return false;
  const type = types.find((each) => each.type === service.plan.type);
  if (!type || type.portless || hasServed(service)) return false;
  const others = Object.values(apps).filter(({ plan }) => !pushed.has(plan.name));
  // One that was stopped by its failed start is content with less.
  const wanted = others.some(
    ({ desired, plan, byHand }) =>
      desired === 'started' && [...plan.bindings, ...byHand.services.bound].some((bound) => bound === name),
  );
  return !wanted && isBare(absolutePath(fileNameFor(name), folder));
}

/** What a start leaves in the record; one that runs elsewhere is not ours to start. */
export function hasServed({ port, details, external }: ServiceRecord): boolean {
  return port !== 0 || details !== undefined || external !== undefined;
}

/** There is no such folder, or nothing in it was ever finished. */
function isBare(folder: string): boolean {
  try {
    return readdirSync(folder).every((file) => file.startsWith(UNFINISHED));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
