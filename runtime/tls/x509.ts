/**
 * Writes X.509 certificates: names, times and limits in, PEM out. Node reads and signs but cannot write them, so their
 * structures are a library's (`@peculiar/asn1-x509`); this is the only file that knows it. Keys and signatures are Node's.
 */
import { createHash, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

/** DNS names, and IP addresses: plain in a certificate for servers, `127.0.0.1/32` where they limit an authority. */
export interface Names {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** Epoch milliseconds. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

export interface AuthorityWish {
  readonly commonName: string;
  readonly organization: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly period: Period;
  /** It can vouch for these and for nothing else: whoever trusts it need not fear for other names. */
  readonly permitted: Names;
}

export interface LeafWish {
  readonly commonName: string;
  readonly names: Names;
  readonly publicKey: KeyObject;
  readonly period: Period;
  readonly issuer: { readonly certificate: X509Certificate; readonly privateKey: KeyObject };
}

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const SERIAL_BYTES = 16;

export function writeAuthority(wish: AuthorityWish): string {
  const name = distinguishedName(wish.organization, wish.commonName);
  return write({
    issuer: name,
    subject: name,
    publicKey: wish.publicKey,
    signingKey: wish.privateKey,
    period: wish.period,
    extensions: [
      // It signs servers' certificates, and no further authority's.
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), true),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
      extension(
        id_ce_nameConstraints,
        new NameConstraints({ permittedSubtrees: subtrees(wish.permitted) }),
        true,
      ),
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(publicKeyInfo(wish.publicKey)))),
    ],
  });
}

export function writeLeaf(wish: LeafWish): string {
  const { tbsCertificate } = AsnConvert.parse(wish.issuer.certificate.raw, Certificate);
  return write({
    issuer: tbsCertificate.subject,
    subject: distinguishedName('paas-local', wish.commonName),
    publicKey: wish.publicKey,
    signingKey: wish.issuer.privateKey,
    period: wish.period,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints(), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
      extension(id_ce_subjectAltName, new SubjectAlternativeName(generalNames(wish.names))),
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(publicKeyInfo(wish.publicKey)))),
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({
          keyIdentifier: new KeyIdentifier(keyId(tbsCertificate.subjectPublicKeyInfo)),
        }),
      ),
    ],
  });
}

interface Writing {
  readonly issuer: Name;
  readonly subject: Name;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly period: Period;
  readonly extensions: Extension[];
}

function write({ issuer, subject, publicKey, signingKey, period, extensions }: Writing): string {
  const signature = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature,
    issuer,
    validity: new Validity({ notBefore: new Date(period.from), notAfter: new Date(period.to) }),
    subject,
    subjectPublicKeyInfo: publicKeyInfo(publicKey),
    extensions: new Extensions(extensions),
  });
  const signatureValue = sign('sha256', der(tbsCertificate), signingKey);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: signature,
    signatureValue: bytes(signatureValue),
  });
  return new X509Certificate(der(certificate)).toString();
}

/** Positive, and never begun with a zero byte, which DER would drop. */
function serialNumber(): ArrayBuffer {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = 0x40 | (serial[0]! & 0x3f);
  return bytes(serial);
}

function distinguishedName(organization: string, commonName: string): Name {
  const attribute = (type: string, utf8String: string): RelativeDistinguishedName =>
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String }) }),
    ]);
  return new Name([attribute(ORGANIZATION, organization), attribute(COMMON_NAME, commonName)]);
}

function generalNames({ dns, ip }: Names): GeneralName[] {
  return [
    ...dns.map((dNSName) => new GeneralName({ dNSName })),
    ...ip.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
}

const subtrees = (names: Names): GeneralSubtrees =>
  new GeneralSubtrees(generalNames(names).map((base) => new GeneralSubtree({ base })));

const extension = (extnID: string, value: object, critical = false): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

const publicKeyInfo = (key: KeyObject): SubjectPublicKeyInfo =>
  AsnConvert.parse(key.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo);

/** RFC 5280, 4.2.1.2, method 1. */
const keyId = (info: SubjectPublicKeyInfo): ArrayBuffer =>
  bytes(createHash('sha1').update(Buffer.from(info.subjectPublicKey)).digest());

const der = (value: object): Buffer => Buffer.from(AsnConvert.serialize(value));

const bytes = (buffer: Buffer): ArrayBuffer => Uint8Array.from(buffer).buffer;
