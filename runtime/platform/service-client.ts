/** A program of an engine's own that is pointed at a service: its shell, or what writes its content as text. */
import type { Endpoint, ServiceType } from '../../services/kit/contract.ts';
import { enginePath } from '../../services/kit/engine.ts';
import { findTool } from '../../services/kit/find-tool.ts';
import { installLine } from '../../services/kit/package-manager.ts';
import { PaasError } from '../kernel/errors.ts';

export type ClientPurpose = 'client' | 'exporter';

export interface ReadyProgram {
  readonly file: string;
  readonly args: readonly string[];
  /** On top of the terminal's own. */
  readonly env: Readonly<Record<string, string>>;
}

/** @throws PaasError `SERVICE_WITHOUT_CLIENT`, `SERVICE_CLIENT_MISSING` */
export function clientProgram(
  service: string,
  type: ServiceType,
  endpoint: Endpoint,
  purpose: ClientPurpose,
  searchPath: string | undefined,
): ReadyProgram {
  const program = purpose === 'client' ? type.client?.(endpoint) : type.exporter?.(endpoint);
  if (!program) throw new PaasError('SERVICE_WITHOUT_CLIENT', { service, type: type.type, purpose });
  const path = { PATH: enginePath(searchPath) };
  const file = program.names.map((name) => findTool(name, path)).find((found) => found !== undefined);
  if (file === undefined) {
    const install = installLine(program.packages, path) ?? null;
    throw new PaasError('SERVICE_CLIENT_MISSING', { service, names: [...program.names], install });
  }
  return { file, args: program.args, env: program.env };
}
