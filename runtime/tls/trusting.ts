/**
 * Variables by which programs trust the local authority too, beside all they trusted before. They name bundles that are
 * written for one app, since a program takes one file and what it trusted before may be another file the user chose.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';

/** Taken by OpenSSL (Python's ssl, Ruby, PHP …) and Go; by Python's requests; by curl: in place of the system's. */
const IN_PLACE = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'] as const;
/** By Node, on top of its own. */
const ON_TOP = 'NODE_EXTRA_CA_CERTS';

/** Debian and its kin, Fedora and its kin, OpenSUSE, Alpine, macOS. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

type Env = Readonly<Record<string, string | undefined>>;

const allFile = (folder: string): string => `${folder}/trusted.pem`;
const extraFile = (folder: string): string => `${folder}/trusted-extra.pem`;

/** @param folder where `writeBundles` wrote them */
export function trustVariables(folder: string): Record<string, string> {
  return {
    ...Object.fromEntries(IN_PLACE.map((name) => [name, allFile(folder)])),
    [ON_TOP]: extraFile(folder),
  };
}

/** @param env what programs would be started with otherwise */
export function writeBundles(folder: string, certificateFile: string, env: Env): void {
  // Removed by hand, it is made anew when HTTPS is spoken next.
  const own = isThere(certificateFile) ? read(certificateFile) : '';
  const chosen = [...new Set(IN_PLACE.flatMap((name) => env[name] ?? []))].filter(isThere);
  const [system] = SYSTEM_BUNDLES.filter(isThere);
  const before = env.SSL_CERT_FILE === undefined && system ? [system, ...chosen] : chosen;
  const texts = before.length > 0 ? before.map(read) : [rootCertificates.join('\n')];
  write(allFile(folder), [...texts, own]);
  const extra = env[ON_TOP];
  write(extraFile(folder), [...(extra !== undefined && isThere(extra) ? [read(extra)] : []), own]);
}

const isThere = (file: string): boolean => file !== '' && existsSync(file);
const read = (file: string): string => readFileSync(file, 'utf8').trimEnd();

function write(file: string, texts: readonly string[]): void {
  writeFileSync(file, `${texts.join('\n').trimEnd()}\n`, { mode: 0o600 });
}
