import { EXIT, Ending, failure } from './ending.ts';
import { applySuboptions } from './suboptions.ts';
import { leadingFloat, leadingInt, leadingOctal } from './numbers.ts';
import { usage } from './usage.ts';
import { VERSION } from '../cache.ts';
import type { Draft } from './draft.ts';
import type { Protocol } from '../settings.ts';

const KB = 1024;
const MB = 1024 * KB;
const LICENSE =
  'paas-local, with the cache server in it, is licensed under the Apache License, version 2.0.\n';
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  auto: 'auto-negotiate',
  ascii: 'ascii',
  binary: 'binary',
};

type Apply = (draft: Draft, value: string) => void;

/** Options that are switches. */
const SWITCHES: Readonly<Record<string, (draft: Draft) => void>> = {
  A: ({ settings }) => void (settings.shutdownCommand = true),
  M: ({ settings }) => void (settings.evictions = false),
  C: ({ settings }) => void (settings.casEnabled = false),
  S: ({ settings }) => void (settings.sasl = true),
  F: ({ settings }) => void (settings.flushEnabled = false),
  X: ({ settings }) => void (settings.dumpEnabled = false),
  W: ({ settings }) => void (settings.watchEnabled = false),
  v: ({ settings }) => void settings.verbosity++,
  d: (draft) => void (draft.daemon = true),
  r(draft) {
    draft.coreDumps = true;
    draft.withoutEffect.add('-r');
  },
  k: (draft) => void draft.withoutEffect.add('-k'),
  L: (draft) => void draft.withoutEffect.add('-L'),
  Z() {
    throw failure(EXIT.usage, 'This server is not built with TLS support.');
  },
  h() {
    throw new Ending(EXIT.ok, { stdout: usage() });
  },
  i() {
    throw new Ending(EXIT.ok, { stdout: LICENSE });
  },
  V() {
    throw new Ending(EXIT.ok, { stdout: `memcached ${VERSION}\n` });
  },
};

/** Options that take a value. */
const SETTERS: Readonly<Record<string, Apply>> = {
  a: (draft, value) => void (draft.socketMask = leadingOctal(value)),
  p(draft, value) {
    draft.tcpPort = leadingInt(value);
    draft.tcpGiven = true;
  },
  U(draft, value) {
    draft.udpPort = leadingInt(value);
    draft.udpGiven = true;
  },
  s: (draft, value) => void (draft.socketPath = value),
  m: ({ settings }, value) => void (settings.memoryBytes = leadingInt(value) * MB),
  c({ settings }, value) {
    settings.maxConnections = leadingInt(value);
    if (settings.maxConnections <= 0) throw bad('Maximum connections must be greater than 0');
  },
  l: listen,
  u: (draft, value) => void (draft.user = value),
  P: (draft, value) => void (draft.pidFile = value),
  f({ settings }, value) {
    settings.growthFactor = leadingFloat(value);
    if (settings.growthFactor <= 1) throw bad('Factor must be greater than 1');
  },
  n({ settings }, value) {
    settings.chunkSize = leadingInt(value);
    if (settings.chunkSize <= 0) throw bad('Chunk size must be greater than 0');
  },
  t: threads,
  D(draft, value) {
    if (value === '') throw bad('No delimiter specified');
    draft.settings.prefixDelimiter = value[0]!;
    draft.settings.detail = true;
  },
  R(draft, value) {
    const requests = leadingInt(value);
    if (requests === 0) throw bad('Number of requests per event must be greater than 0');
    draft.settings.requestsPerTurn = Math.max(1, requests);
    draft.withoutEffect.add('-R');
  },
  b: ({ settings }, value) => void (settings.backlog = leadingInt(value)),
  B(draft, value) {
    const protocol = Object.hasOwn(PROTOCOLS, value) ? PROTOCOLS[value] : undefined;
    if (protocol === undefined) {
      throw failure(
        EXIT.usage,
        `Invalid value for binding protocol: ${value}\n -- should be one of auto, binary, or ascii`,
      );
    }
    draft.protocolGiven = true;
    draft.settings.protocol = protocol;
  },
  I: ({ settings }, value) => void (settings.itemSizeMax = itemSize(value)),
  Y: (draft, value) => void (draft.authFile = value),
  e() {
    throw bad('This server is not built with restartable memory: -e (memory-file) is not supported.');
  },
  N(draft, value) {
    draft.napiIds = leadingInt(value);
    if (draft.napiIds <= 0) throw bad('Maximum number of NAPI IDs must be greater than 0');
    draft.withoutEffect.add('-N');
  },
  o: applySuboptions,
};

/** Notes one option. @throws Ending where it ends the program */
export function applyOption(draft: Draft, letter: string, value: string | undefined): void {
  const setter = SETTERS[letter];
  if (setter) setter(draft, value!);
  else SWITCHES[letter]!(draft);
}

function listen(draft: Draft, value: string): void {
  if (draft.interfaces === undefined) draft.interfaces = value;
  else if (!draft.interfaces.includes(value)) draft.interfaces += `,${value}`;
}

function threads(draft: Draft, value: string): void {
  const count = leadingInt(value);
  if (count <= 0) throw bad('Number of threads must be greater than 0');
  draft.settings.threads = count;
  draft.withoutEffect.add('-t');
}

function itemSize(value: string): number {
  const unit = value.at(-1)?.toLowerCase();
  const factor = unit === 'k' ? KB : unit === 'm' ? MB : 1;
  return leadingInt(value) * factor;
}

function bad(message: string): Ending {
  return failure(EXIT.failure, message);
}
