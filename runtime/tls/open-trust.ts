/** The authority of a home as one that is to be trusted; made where there is none yet. */
import type { AbsolutePath } from '../kernel/names.ts';
import { Authority } from './authority.ts';
import { authorityFiles } from './files.ts';
import {
  trustStores,
  entryName,
  type Trusted,
  type TrustStore,
  type TrustSurroundings,
} from './trust-stores.ts';

export interface Trust {
  readonly file: string;
  readonly name: string;
  /** SHA-256, as browsers show it. */
  readonly fingerprint: string;
  /** Epoch milliseconds. */
  readonly expires: number;
  readonly stores: readonly TrustStore[];
}

/** @throws PaasError `STATE_NOT_WRITABLE`, `AUTHORITY_UNUSABLE` */
export async function openTrust(home: AbsolutePath, around: TrustSurroundings, now: number): Promise<Trust> {
  const { certificate } = Authority.open(home, now);
  const of: Trusted = { file: authorityFiles(home).certificate, certificate };
  return {
    file: of.file,
    name: entryName(of),
    fingerprint: certificate.fingerprint256,
    expires: Date.parse(certificate.validTo),
    stores: await trustStores(of, around),
  };
}
