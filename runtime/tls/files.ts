/** Where the certificate authority of a home lies. */
import { absolutePath, type AbsolutePath } from '../kernel/names.ts';

export const CERTIFICATE_FILE = 'ca.pem';
export const KEY_FILE = 'ca-key.pem';

export interface AuthorityFiles {
  readonly folder: AbsolutePath;
  /** What has to be trusted. */
  readonly certificate: AbsolutePath;
  readonly key: AbsolutePath;
}

export function authorityFiles(home: AbsolutePath): AuthorityFiles {
  const folder = absolutePath('ca', home);
  return {
    folder,
    certificate: absolutePath(CERTIFICATE_FILE, folder),
    key: absolutePath(KEY_FILE, folder),
  };
}
