import { EXIT, Ending } from './ending.ts';
import { int32 } from '../protocol/numbers.ts';
import type { Protocol } from '../settings.ts';

/** One address to listen on, as written. */
export interface Wanted {
  readonly host: string;
  readonly port: number;
  /** For this address alone. */
  readonly protocol: Protocol | undefined;
}

/** Where memcached would listen everywhere; here only this machine can connect unless asked otherwise. */
const LOOPBACK = ['127.0.0.1', '::1'];
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  ascii: 'ascii',
  binary: 'binary',
  negotiating: 'auto-negotiate',
};
const TAG_MOST = 8;
const ANY_PORT = -1;
const PORT_MOST = 65_535;

type Wrong = (message: string) => Ending;

/**
 * The addresses of `-l`: `host`, `host:port`, `ipv6`, `[ipv6]:port`, with `proto[name]:` or `tag[name]:` before.
 * @throws Ending
 */
export function wantedAddresses(interfaces: string | undefined, port: number): readonly Wanted[] {
  if (interfaces === undefined) return LOOPBACK.map((host) => ({ host, port, protocol: undefined }));
  const texts = interfaces.split(/[;,]/).filter((text) => text !== '');
  // memcached runs on then and can be reached by nobody.
  if (texts.length === 0) throw wrongIn(interfaces)(`No address to listen on: "${interfaces}"`);
  return texts.map((text) => wanted(text, port, interfaces));
}

function wrongIn(interfaces: string): Wrong {
  return (message) => {
    const stderr = `${message}\nfailed to listen on one of interface(s) ${interfaces}\n`;
    return new Ending(EXIT.osError, { stderr });
  };
}

function wanted(text: string, usualPort: number, interfaces: string): Wanted {
  const wrong = wrongIn(interfaces);
  const [protocolName, afterProtocol] = prefixed(text, 'proto', 'Invalid protocol spec:', wrong);
  const [tag, rest] = prefixed(afterProtocol, 'tag', 'Invalid tag in socket config:', wrong);
  if (tag !== undefined && (tag.length < 1 || tag.length > TAG_MOST)) {
    throw wrong(`Listener tags must be between 1 and 8 characters: "${tag}"`);
  }
  const protocol = protocolName === undefined ? undefined : protocolNamed(protocolName, wrong);
  if (rest.startsWith('notls')) throw wrong("'notls' option is valid only when SSL is enabled");
  const bracketed = /^\[([^\]]*)\](.*)$/.exec(rest);
  if (!bracketed && rest.startsWith('[')) throw wrong(`Invalid IPV6 address: "${rest}"`);
  if (bracketed) {
    const [, host = '', behind = ''] = bracketed;
    const colon = behind.indexOf(':');
    return { host, port: colon < 0 ? usualPort : portOf(behind.slice(colon + 1), wrong), protocol };
  }
  const colon = rest.indexOf(':');
  // Several colons are an IPv6 address without a port.
  if (colon < 0 || rest.includes(':', colon + 1)) return { host: rest, port: usualPort, protocol };
  return { host: rest.slice(0, colon), port: portOf(rest.slice(colon + 1), wrong), protocol };
}

/** What is in the brackets of `name[...]:`, and what follows. */
function prefixed(text: string, name: string, complaint: string, wrong: Wrong): [string | undefined, string] {
  if (!text.startsWith(`${name}[`)) return [undefined, text];
  const end = text.indexOf(']');
  if (end < 0) throw wrong(`${complaint} "${text.slice(name.length)}"`);
  return [text.slice(name.length + 1, end), text.slice(end + 2)];
}

function protocolNamed(name: string, wrong: Wrong): Protocol | undefined {
  if (name === 'proxy') throw wrong(`Server not built with proxy: "proto[${name}"`);
  return Object.hasOwn(PROTOCOLS, name) ? PROTOCOLS[name] : undefined;
}

function portOf(text: string, wrong: Wrong): number {
  const port = int32(text);
  if (port === undefined || port < ANY_PORT || port > PORT_MOST)
    throw wrong(`Invalid port number: "${text}"`);
  return port;
}
