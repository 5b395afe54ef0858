/** Which certificate a client is shown: made for the name it asks for when it first does, and anew before it ends. */
import { generateKeyPairSync } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { AbsolutePath } from '../kernel/names.ts';
import { Authority } from './authority.ts';
import type { Names } from './x509.ts';

export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
  readonly context: SecureContext;
}

/** For clients that name no host (an address was asked for), and for names the authority cannot vouch for. */
const MACHINE: Names = { dns: ['localhost', '*.localhost'], ip: ['127.0.0.1', '::1'] };

const LOCAL_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+localhost$/;
const MAX_NAME = 253;
/** A stranger's page may ask for ever new names. */
const MAX_KEPT = 500;
/** Before it ends, for connections that last. */
const RENEWED_BEFORE_MS = 30 * 86_400_000;

interface Kept extends ServerCertificate {
  readonly until: number;
}

/**
 * Those of a home, whose authority is made where there is none.
 * @throws PaasError `STATE_NOT_WRITABLE`, `AUTHORITY_UNUSABLE`
 */
export function openCertificates(home: AbsolutePath, now: () => number): Certificates {
  return new Certificates(Authority.open(home, now()), now);
}

export class Certificates {
  readonly #authority: Authority;
  readonly #now: () => number;
  readonly #maxKept: number;
  /** All of a process share one; it is never written down. */
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #key = this.#keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  /** By name, the one made last at the end. */
  readonly #kept = new Map<string, Kept>();

  constructor(authority: Authority, now: () => number, maxKept = MAX_KEPT) {
    this.#authority = authority;
    this.#now = now;
    this.#maxKept = maxKept;
  }

  /** @param name as the client wrote it; undefined where it wrote none */
  for(name: string | undefined): ServerCertificate {
    const lower = name?.toLowerCase() ?? '';
    // One per name: no browser takes `*.localhost`, as it would none for `*.com`.
    return lower.length <= MAX_NAME && LOCAL_NAME.test(lower)
      ? this.#of(lower, { dns: [lower], ip: [] })
      : this.#of('', MACHINE);
  }

  #of(key: string, names: Names): ServerCertificate {
    const now = this.#now();
    const known = this.#kept.get(key);
    if (known && now < known.until) return known;
    const leaf = this.#authority.issue(names, this.#keys.publicKey, now);
    const pair = { cert: leaf.certificate, key: this.#key };
    const made: Kept = {
      ...pair,
      context: createSecureContext(pair),
      until: leaf.expires - RENEWED_BEFORE_MS,
    };
    this.#kept.delete(key);
    this.#kept.set(key, made);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#maxKept) break;
      if (oldest !== '') this.#kept.delete(oldest);
    }
    return made;
  }
}
