/**
 * The certificate authority of a home: made when it is first needed, kept with its key for the user alone. It may only
 * vouch for names that mean this machine, so that trusting it gives nothing away, even to somebody who steals the key.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import type { AbsolutePath } from '../kernel/names.ts';
import { authorityFiles, CERTIFICATE_FILE, KEY_FILE, type AuthorityFiles } from './files.ts';
import { writeAuthority, writeLeaf, type Names } from './x509.ts';

const DAY_MS = 86_400_000;
/** It has to be trusted by hand, so it lasts. */
const AUTHORITY_DAYS = 3650;
/** Apple takes no server's certificate of more than 397 days; these are made anew without anyone noticing. */
const LEAF_DAYS = 90;
/** Clocks of virtual machines may run behind. */
const BACKDATED_DAYS = 1;

/** Names below `.localhost` never leave the machine (RFC 6761). */
const PERMITTED: Names = { dns: ['localhost'], ip: ['127.0.0.1/32', '::1/128'] };

const ONLY_THE_USER = 0o600;

export interface Leaf {
  readonly certificate: string;
  /** Epoch milliseconds. */
  readonly expires: number;
}

export class Authority {
  readonly certificate: X509Certificate;
  readonly #key: KeyObject;

  private constructor(certificate: X509Certificate, key: KeyObject) {
    this.certificate = certificate;
    this.#key = key;
  }

  /**
   * Reads the authority of a home, or makes it. One that is over is set aside and a new one made.
   * @param now epoch milliseconds
   * @throws PaasError `STATE_NOT_WRITABLE`, `AUTHORITY_UNUSABLE`
   */
  static open(home: AbsolutePath, now: number): Authority {
    const files = authorityFiles(home);
    const known = Authority.#read(files);
    if (known && now + LEAF_DAYS * DAY_MS < Date.parse(known.certificate.validTo)) return known;
    try {
      if (known) renameSync(files.folder, `${files.folder}.over-${randomUUID().slice(0, 8)}`);
      make(files, now);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new PaasError('STATE_NOT_WRITABLE', { folder: files.folder, reason }, { cause: error });
    }
    return Authority.#read(files)!;
  }

  static #read(files: AuthorityFiles): Authority | undefined {
    try {
      const certificate = new X509Certificate(readFileSync(files.certificate));
      const key = createPrivateKey(readFileSync(files.key));
      if (!certificate.checkPrivateKey(key)) throw new Error(`"${files.key}" is not the key of it`);
      if ((statSync(files.key).mode & 0o077) !== 0) chmodSync(files.key, ONLY_THE_USER);
      return new Authority(certificate, key);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !isThere(files.folder)) return undefined;
      const reason = error instanceof Error ? error.message : String(error);
      throw new PaasError('AUTHORITY_UNUSABLE', { file: files.certificate, folder: files.folder, reason });
    }
  }

  /** For a server with these names. */
  issue(names: Names, publicKey: KeyObject, now: number): Leaf {
    const expires = now + LEAF_DAYS * DAY_MS;
    const [first = ''] = names.dns;
    const certificate = writeLeaf({
      commonName: first.length > MAX_COMMON_NAME ? 'localhost' : first,
      names,
      publicKey,
      period: { from: now - BACKDATED_DAYS * DAY_MS, to: expires },
      issuer: { certificate: this.certificate, privateKey: this.#key },
    });
    return { certificate, expires };
  }
}

/** RFC 5280, upper bounds. */
const MAX_COMMON_NAME = 64;

/** The folder appears as a whole: of several who make it at once, one wins and the others read its. */
function make(files: AuthorityFiles, now: number): void {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = createPublicKey(keys.privateKey)
    .export({ type: 'spki', format: 'der' })
    .toString('hex')
    .slice(-8);
  const certificate = writeAuthority({
    ...keys,
    commonName: `paas-local CA ${id}`,
    organization: `paas-local of ${userName()}@${hostname()}`.slice(0, MAX_COMMON_NAME),
    period: { from: now - BACKDATED_DAYS * DAY_MS, to: now + AUTHORITY_DAYS * DAY_MS },
    permitted: PERMITTED,
  });
  const draft = `${files.folder}.${randomUUID()}.tmp`;
  mkdirSync(dirname(files.folder), { recursive: true, mode: 0o700 });
  mkdirSync(draft, { mode: 0o700 });
  try {
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(`${draft}/${KEY_FILE}`, key, { mode: ONLY_THE_USER });
    writeFileSync(`${draft}/${CERTIFICATE_FILE}`, certificate, { mode: 0o644 });
    renameSync(draft, files.folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

const isThere = (folder: string): boolean => statSync(folder, { throwIfNoEntry: false }) !== undefined;

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'user'; // a number without a name, as in some containers
  }
}
