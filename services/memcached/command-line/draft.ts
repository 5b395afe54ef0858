import { DEFAULT_SETTINGS, type CacheSettings } from '../settings.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What the command line said so far. */
export interface Draft {
  readonly settings: Writable<CacheSettings>;
  tcpPort: number;
  udpPort: number;
  tcpGiven: boolean;
  udpGiven: boolean;
  protocolGiven: boolean;
  /** As given with `-l`, several joined by commas. */
  interfaces: string | undefined;
  socketPath: string | undefined;
  socketMask: number;
  daemon: boolean;
  /** With `-r` the daemon stays in its folder, where a core file could be written. */
  coreDumps: boolean;
  user: string | undefined;
  pidFile: string | undefined;
  authFile: string | undefined;
  /** Offer the debug build's `debugtime`. */
  debug: boolean;
  napiIds: number;
  slabSizes: string | undefined;
  slabChunkGiven: boolean;
  /** What was asked for and has no effect here. */
  readonly withoutEffect: Set<string>;
}

const PORT = 11_211;
const SOCKET_MASK = 0o700;

export function newDraft(): Draft {
  return {
    settings: { ...DEFAULT_SETTINGS },
    tcpPort: PORT,
    udpPort: 0,
    tcpGiven: false,
    udpGiven: false,
    protocolGiven: false,
    interfaces: undefined,
    socketPath: undefined,
    socketMask: SOCKET_MASK,
    daemon: false,
    coreDumps: false,
    user: undefined,
    pidFile: undefined,
    authFile: undefined,
    debug: false,
    napiIds: 0,
    slabSizes: undefined,
    slabChunkGiven: false,
    withoutEffect: new Set(),
  };
}
