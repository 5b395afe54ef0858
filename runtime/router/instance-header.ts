/** `X-Cf-App-Instance: <app guid>:<index>` and `X-Cf-Process-Instance: <process guid>[:<index>]`. */
import type { RouteTarget } from './route-table.ts';

export type WantedInstance =
  | { readonly kind: 'any' }
  | { readonly kind: 'bad'; readonly header: 'X-CF-App-Instance' | 'X-CF-Process-Instance' }
  | {
      readonly kind: 'instance';
      readonly guid: string;
      readonly index: string;
      readonly matches: (target: RouteTarget) => boolean;
    };

const ANY: WantedInstance = { kind: 'any' };
const GUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const APP_INSTANCE = new RegExp(`^(${GUID}):(\\d+)$`);
const PROCESS_INSTANCE = new RegExp(`^(${GUID})(?::(\\d+))?$`);

/** The web process has its app's guid on the platform, so both headers name the same thing here. */
export function wantedInstance(header: (name: string) => string | undefined): WantedInstance {
  const app = header('x-cf-app-instance');
  if (app !== undefined) return read(app, APP_INSTANCE, 'X-CF-App-Instance');
  const process = header('x-cf-process-instance');
  if (process !== undefined) return read(process, PROCESS_INSTANCE, 'X-CF-Process-Instance');
  return ANY;
}

function read(
  value: string,
  form: RegExp,
  header: 'X-CF-App-Instance' | 'X-CF-Process-Instance',
): WantedInstance {
  const [, guid, index] = form.exec(value) ?? [];
  if (guid === undefined) return { kind: 'bad', header };
  return {
    kind: 'instance',
    guid,
    index: index ?? '',
    matches: ({ entry, endpoint }) =>
      entry.appId === guid && (index === undefined || endpoint.instanceIndex === Number(index)),
  };
}
