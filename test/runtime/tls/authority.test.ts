import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { absolutePath } from '../../../runtime/kernel/names.ts';
import { Authority } from '../../../runtime/tls/authority.ts';
import { Certificates } from '../../../runtime/tls/certificates.ts';
import { authorityFiles } from '../../../runtime/tls/files.ts';
import { writeLeaf } from '../../../runtime/tls/x509.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const DAY_MS = 86_400_000;

const newHome = () => absolutePath(tempDir());

/** Shakes hands with a server that has this certificate, as a client that trusts `ca` alone. */
async function shakeHands(
  served: { readonly cert: string; readonly key: string },
  {
    ca,
    servername,
    host = '127.0.0.1',
  }: { readonly ca: string; readonly servername?: string; readonly host?: string },
): Promise<string> {
  const server = createServer(served, (socket) => socket.on('error', () => {}));
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const client: TLSSocket = connect({ port, host, ca, ...(servername ? { servername } : {}) });
  try {
    await once(client, 'secureConnect');
    return 'trusted';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `${code}: ${message}`;
  } finally {
    client.destroy();
  }
}

test('an authority is made once, its key for the user alone', () => {
  const home = newHome();
  const files = authorityFiles(home);
  const made = Authority.open(home, Date.now());
  expect(statSync(files.folder).mode & 0o777).toBe(0o700);
  expect(statSync(files.key).mode & 0o777).toBe(0o600);
  expect(Authority.open(home, Date.now()).certificate.fingerprint256).toBe(made.certificate.fingerprint256);
  expect(made.certificate.ca).toBe(true);
  expect(made.certificate.subject).toMatch(/^O=paas-local of .+@.+\nCN=paas-local CA [0-9a-f]{8}$/);
});

test('a key that others could read is closed to them again', () => {
  const home = newHome();
  Authority.open(home, Date.now());
  const { key } = authorityFiles(home);
  chmodSync(key, 0o644);
  Authority.open(home, Date.now());
  expect(statSync(key).mode & 0o777).toBe(0o600);
});

test('one that cannot be read is not replaced in silence', () => {
  const home = newHome();
  Authority.open(home, Date.now());
  const files = authorityFiles(home);
  writeFileSync(files.certificate, 'scribble');
  expect(() => Authority.open(home, Date.now())).toThrow(
    expect.objectContaining({ code: 'AUTHORITY_UNUSABLE' }) as Error,
  );
  expect(readFileSync(files.certificate, 'utf8')).toBe('scribble');
});

test('the key of another authority is told apart', () => {
  const [home, other] = [newHome(), newHome()];
  Authority.open(home, Date.now());
  Authority.open(other, Date.now());
  writeFileSync(authorityFiles(home).key, readFileSync(authorityFiles(other).key));
  expect(() => Authority.open(home, Date.now())).toThrow('is not the key of it');
});

test('one that is over is set aside for a new one', () => {
  const home = newHome();
  const old = Authority.open(home, Date.now());
  const later = Date.now() + 3651 * DAY_MS;
  const next = Authority.open(home, later);
  expect(next.certificate.fingerprint256).not.toBe(old.certificate.fingerprint256);
  expect(Date.parse(next.certificate.validTo)).toBeGreaterThan(later);
});

test.each([
  { servername: 'shop.localhost' },
  { servername: 'a.b.shop.localhost' },
  { servername: 'under_score.localhost' },
  { servername: `${'x'.repeat(63)}.${'y'.repeat(63)}.localhost` },
  { servername: 'localhost' },
  { host: '127.0.0.1' },
])('a client that trusts the authority trusts a server asked for as $servername$host', async (asked) => {
  const authority = Authority.open(newHome(), Date.now());
  const served = new Certificates(authority, Date.now).for(asked.servername);
  const ca = authority.certificate.toString();
  expect(await shakeHands(served, { ca, ...asked })).toBe('trusted');
});

test('a client that does not, does not', async () => {
  const served = new Certificates(Authority.open(newHome(), Date.now()), Date.now).for('shop.localhost');
  const stranger = Authority.open(newHome(), Date.now()).certificate.toString();
  expect(await shakeHands(served, { ca: stranger, servername: 'shop.localhost' })).toMatch(
    /UNABLE_TO_(VERIFY|GET)|SELF_SIGNED/,
  );
});

test.skipIf(process.platform === 'darwin')(
  'the whole network of loopback is not meant (skipped on macOS: it has one address)',
  async () => {
    const authority = Authority.open(newHome(), Date.now());
    const served = new Certificates(authority, Date.now).for(undefined);
    const ca = authority.certificate.toString();
    expect(await shakeHands(served, { ca, host: '127.0.0.2' })).toMatch('ERR_TLS_CERT_ALTNAME_INVALID');
  },
);

test.each([
  { name: 'www.example.com', names: { dns: ['www.example.com'], ip: [] }, servername: 'www.example.com' },
  { name: 'evil-localhost', names: { dns: ['evil-localhost'], ip: [] }, servername: 'evil-localhost' },
  { name: '10.0.0.1', names: { dns: [], ip: ['10.0.0.1', '127.0.0.1'] } },
])('even with its key nothing else can be vouched for: $name', async ({ names, ...asked }) => {
  const home = newHome();
  const { certificate } = Authority.open(home, Date.now());
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = writeLeaf({
    commonName: 'forged',
    names,
    publicKey: keys.publicKey,
    period: { from: Date.now() - DAY_MS, to: Date.now() + DAY_MS },
    issuer: { certificate, privateKey: createPrivateKey(readFileSync(authorityFiles(home).key)) },
  });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const ca = certificate.toString();
  expect(await shakeHands({ cert, key }, { ca, ...asked })).toBe('UNSPECIFIED: permitted subtree violation');
});

test('a certificate lasts less than 398 days, and is made anew before its end without anyone waiting', () => {
  let now = Date.now();
  const certificates = new Certificates(Authority.open(newHome(), now), () => now);
  const first = certificates.for('shop.localhost');
  const read = new X509Certificate(first.cert);
  expect(Date.parse(read.validTo) - Date.parse(read.validFrom)).toBeLessThan(398 * DAY_MS);
  expect(read.subjectAltName).toBe('DNS:shop.localhost');
  expect(certificates.for('SHOP.localhost')).toBe(first);
  now += 59 * DAY_MS;
  expect(certificates.for('shop.localhost')).toBe(first);
  now += 2 * DAY_MS;
  const second = certificates.for('shop.localhost');
  expect(Date.parse(new X509Certificate(second.cert).validTo)).toBeGreaterThan(Date.parse(read.validTo));
});

test('names that are none of ours get the certificate of the machine', () => {
  const certificates = new Certificates(Authority.open(newHome(), Date.now()), Date.now);
  const machine = certificates.for(undefined);
  expect(new X509Certificate(machine.cert).subjectAltName).toBe(
    'DNS:localhost, DNS:*.localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  for (const name of [
    'example.com',
    '.localhost',
    'a..localhost',
    'a b.localhost',
    `${'x.'.repeat(130)}localhost`,
  ])
    expect(certificates.for(name)).toBe(machine);
});

test('strangers that ask for ever new names do not fill the memory', () => {
  const certificates = new Certificates(Authority.open(newHome(), Date.now()), Date.now, 3);
  const machine = certificates.for(undefined);
  const first = certificates.for('name-0.localhost');
  for (let count = 1; count <= 3; count++) certificates.for(`name-${count}.localhost`);
  expect(certificates.for('name-0.localhost')).not.toBe(first);
  expect(certificates.for(undefined)).toBe(machine);
});
