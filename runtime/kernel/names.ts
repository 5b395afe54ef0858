/** Branded strings, each minted by one parser, so that a path cannot be passed where a name is due. */
import { isAbsolute, resolve } from 'node:path';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type AppName = Branded<'AppName'>;
export type ServiceName = Branded<'ServiceName'>;
export type AbsolutePath = Branded<'AbsolutePath'>;

export const appName = (text: string): AppName => text as AppName;
export const serviceName = (text: string): ServiceName => text as ServiceName;

/** Makes `path` absolute against `base`, which must be absolute itself. */
export function absolutePath(path: string, base = '/'): AbsolutePath {
  if (!isAbsolute(base)) throw new TypeError(`Cannot resolve against the relative folder "${base}"`);
  return resolve(base, path) as AbsolutePath;
}
