/**
 * How many instances a space may have. Memory limits say what an instance may take at most, and manifests name generous
 * ones, so their sum says nothing about a laptop; what a hundred processes take of it does. Pure.
 */
import { formatSize, MIB } from '../kernel/bytes.ts';
import { PaasError } from '../kernel/errors.ts';
import type { AppPlan } from './types.ts';

/** Of all apps of a space together. Each is a process, which one host looks after. */
const MAX_INSTANCES = 100;
/** What an instance is counted as, where its limit is not smaller: a small Node or Python server takes that. */
const COUNTED_BYTES = 64 * MIB;

/**
 * @param app as it is about to be run
 * @param others those that run beside it
 * @param machineBytes the memory there is
 * @throws PaasError `INSTANCES_TOO_MANY`
 */
export function checkRoom(app: AppPlan, others: readonly AppPlan[], machineBytes: number): void {
  const mine = taken([app]);
  const beside = taken(others);
  const tooMany = mine.count + beside.count > MAX_INSTANCES;
  if (mine.count === 0 || (!tooMany && mine.bytes + beside.bytes <= machineBytes)) return;
  // The one that asks for most is the one that was meant.
  const most = app.processes.reduce((a, b) => (b.instances > a.instances ? b : a));
  const each = counted(most.memoryBytes);
  const roomFor = Math.min(
    MAX_INSTANCES - beside.count - (mine.count - most.instances),
    Math.floor((machineBytes - beside.bytes - (mine.bytes - most.instances * each)) / each),
  );
  throw new PaasError('INSTANCES_TOO_MANY', {
    app: app.name,
    asked: mine.count,
    process: most.type,
    beside: beside.count,
    limit: tooMany
      ? `a space has ${MAX_INSTANCES} at most`
      : `at ${formatSize(each)} each they do not fit into this machine's ${formatSize(wholeMib(machineBytes))}`,
    roomFor: Math.max(0, roomFor),
    others: others
      .filter(({ processes }) => processes.some(({ instances }) => instances > 0))
      .map(({ name }) => name),
  });
}

function taken(apps: readonly AppPlan[]): { readonly count: number; readonly bytes: number } {
  const processes = apps.flatMap((app) => app.processes);
  return {
    count: processes.reduce((sum, { instances }) => sum + instances, 0),
    bytes: processes.reduce((sum, { instances, memoryBytes }) => sum + instances * counted(memoryBytes), 0),
  };
}

const counted = (memoryBytes: number): number => Math.min(memoryBytes, COUNTED_BYTES);

const wholeMib = (bytes: number): number => Math.floor(bytes / MIB) * MIB;
