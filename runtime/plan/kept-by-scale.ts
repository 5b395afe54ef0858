/** Numbers of processes that are not the manifest's, because they were set by `scale` and the manifest has not changed. Pure. */
import { formatSize } from '../kernel/bytes.ts';
import type { AppPlan, ScaleByHand } from './types.ts';

export interface KeptByScale {
  readonly process: string;
  readonly key: keyof ScaleByHand;
  /** As they are written: `3`, `64M`. */
  readonly kept: string;
  readonly asked: string;
}

/** What a push calls it, and its flag. */
const KEYS = {
  instances: { word: 'instances', flag: '-i', show: String },
  memoryBytes: { word: 'memory', flag: '-m', show: formatSize },
  diskBytes: { word: 'disk', flag: '-k', show: formatSize },
} as const;

/**
 * Of processes that the manifest knows: a worker of a Procfile is meant to be scaled.
 * @param run the plan with what was changed by hand
 */
export function keptByScale(plan: AppPlan, run: AppPlan): readonly KeptByScale[] {
  const known = new Set(plan.manifest.processes.map(({ type }) => type));
  const asked = plan.processes.filter(({ type }) => known.has(type));
  return asked.flatMap((process) => {
    const other = run.processes.find(({ type }) => type === process.type);
    return Object.entries(KEYS).flatMap(([name, { show }]): KeptByScale[] => {
      const key = name as keyof typeof KEYS;
      if (!other || other[key] === process[key]) return [];
      return [{ process: process.type, key, kept: show(other[key]), asked: show(process[key]) }];
    });
  });
}

/** A sentence, with what takes the manifest's again. */
export function keptNote(app: string, { process, key, kept, asked }: KeptByScale): string {
  const { word, flag } = KEYS[key];
  // The flags of a push are about the web process.
  const back =
    process === 'web'
      ? `push with ${flag} ${asked} to take that`
      : `"paas-local scale ${app} --process ${process} ${flag} ${asked}" takes that`;
  return `${word} of ${process} kept at ${kept} by scale, where the manifest alone comes to ${asked}; ${back}`;
}
